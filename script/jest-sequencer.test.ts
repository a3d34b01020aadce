import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../test/lib/repository-files.ts';
import { LONG, longestFirst } from './jest-sequencer.mjs';

test('the longest suites start first, and the others keep their order', () => {
  const paths = ['/b.test.ts', ...LONG.map((path) => join(ROOT, path)).toReversed(), '/a.test.ts'];
  const sorted = longestFirst(paths.map((path) => ({ path }))).map(({ path }) => path);
  expect(sorted).toEqual([...LONG.map((path) => join(ROOT, path)), '/b.test.ts', '/a.test.ts']);
});

test('the list of the longest suites names only files that exist', () => {
  expect(LONG.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
