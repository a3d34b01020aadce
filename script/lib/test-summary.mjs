// test-summary.mjs FILE...: the last line of script/test, from jest's JSON of one run or several.
import { readFileSync } from 'node:fs';

let [passed, failed] = [0, 0];
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  if (text === '') {
    process.stdout.write('jest gave no result\n');
    failed++;
    continue;
  }
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(text);
  passed += numPassedTests;
  // A file that cannot be loaded has no tests to count, and is a failure all the same.
  failed += numFailedTests + numRuntimeErrorTestSuites;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
