import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';

const here = (file: string) => new URL(file, import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-jest-'));
  writeFileSync(join(folder, 'package.json'), '{ "jest": { "testEnvironment": "node", "transform": {} } }');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Adds a test file of three tests, of which the last one runs `body`. */
const add = (name: string, body: string) =>
  writeFileSync(
    join(folder, `${name}.test.js`),
    `const { existsSync, writeFileSync } = require('node:fs');
    for (const name of ['one', 'two']) test(name, () => undefined);
    test('three', () => { ${body} });\n`,
  );

/** Passes when it runs for the second time. */
const flaky = (name: string) =>
  `if (!existsSync('${name}')) { writeFileSync('${name}', ''); throw new Error('first'); }`;

/** Runs the project's tests and prints the summary, as script/test does. */
async function runProject(...args: string[]) {
  const node = (...words: string[]) => execa(process.execPath, words, { cwd: folder, reject: false });
  const { stdout, exitCode } = await node(here('run-tests.mjs'), join(folder, 'result'), ...args);
  const { stdout: summary } = await node(here('test-summary.mjs'), join(folder, 'result'));
  return { stdout, exitCode, summary };
}

test('a file that fails once runs again alone, and is named before the last line', async () => {
  add('sound', '');
  add('flaky', flaky('flaky'));
  expect(await runProject()).toEqual({
    stdout: '== again, one file at a time',
    exitCode: 0,
    summary: 'passed only when run alone: flaky.test.js\n6 passed, 0 failed',
  });
});

test('a file that fails both times stays failed', async () => {
  add('flaky', flaky('flaky'));
  add('broken', 'throw new Error("always");');
  expect(await runProject()).toMatchObject({
    exitCode: 1,
    summary: 'passed only when run alone: flaky.test.js\n5 passed, 1 failed',
  });
});

test('five failed files do not run again', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) add(name, flaky(name));
  expect(await runProject()).toEqual({ stdout: '', exitCode: 1, summary: '10 passed, 5 failed' });
});

test('nothing runs again when all tests pass, or when an option chooses tests', async () => {
  add('sound', '');
  expect(await runProject('sound')).toEqual({ stdout: '', exitCode: 0, summary: '3 passed, 0 failed' });
  add('flaky', flaky('flaky'));
  expect(await runProject('flaky', '-t', 'three')).toEqual({
    stdout: '',
    exitCode: 1,
    summary: '0 passed, 1 failed',
  });
  expect(JSON.parse(readFileSync(join(folder, 'result'), 'utf8')).passedAlone).toBeUndefined();
});
