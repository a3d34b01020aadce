import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { precompile, runBundle, sourceOf } from './bundle.ts';

let folder: string;
let bundle: string;
let byteCode: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-bundle-'));
  bundle = join(folder, 'command.cjs');
  byteCode = join(folder, 'command.bin');
  writeFileSync(join(folder, 'beside.cjs'), 'module.exports = "beside";\n');
  const program = `const seen = () => [require('./beside.cjs'), __dirname, typeof exports];
    require('node:fs').writeFileSync(__dirname + '/seen', JSON.stringify(seen()));`;
  writeFileSync(bundle, program);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the bundle, and returns what it saw. */
function seen(): unknown {
  runBundle(bundle, byteCode);
  return JSON.parse(readFileSync(join(folder, 'seen'), 'utf8'));
}

test('V8 accepts the byte code of precompile()', () => {
  const options = { filename: bundle, cachedData: precompile(bundle) };
  expect(new Script(sourceOf(bundle), options).cachedDataRejected).toBe(false);
});

test('the byte code of precompile() holds functions that are not called while the bundle loads', () => {
  writeFileSync(bundle, `const never = () => [${'"some constant".length + '.repeat(200)}0];`);
  const lazy = new Script(sourceOf(bundle)).createCachedData();
  expect(precompile(bundle).length).toBeGreaterThan(lazy.length + 200);
});

test.each([
  ['without byte code', () => undefined],
  ['with its byte code', () => writeFileSync(byteCode, precompile(bundle))],
  ['with bytes that are no byte code', () => writeFileSync(byteCode, 'not byte code')],
])('a bundle has the variables of a CommonJS module %s', (_words, prepare) => {
  prepare();
  expect(seen()).toEqual(['beside', folder, 'object']);
});
