// test-summary.mjs FILE: the last line of script/test, from jest's JSON.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
if (text === '') {
  process.stdout.write('jest gave no result\n0 passed, 1 failed\n');
  process.exit(1);
}
const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(text);
// A file that cannot be loaded has no tests to count, and is a failure all the same.
const failed = numFailedTests + numRuntimeErrorTestSuites;
process.stdout.write(`${numPassedTests} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
