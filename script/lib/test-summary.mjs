// test-summary.mjs FILE...: the last lines of script/test, from jest's JSON of one run or several.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { countTests } from './test-results.mjs';

const texts = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const results = texts.filter((text) => text !== '').map((text) => JSON.parse(text));
const missing = texts.length - results.length;
for (let run = 0; run < missing; run++) process.stdout.write('jest gave no result\n');

const passedAlone = results.flatMap(({ passedAlone = [] }) => passedAlone);
if (passedAlone.length > 0) {
  const files = passedAlone.map((file) => relative('.', file));
  process.stdout.write(`passed only when run alone: ${files.join(' ')}\n`);
}
const { passed, failed } = countTests(results);
process.stdout.write(`${passed} passed, ${failed + missing} failed\n`);
process.exitCode = failed + missing === 0 ? 0 : 1;
