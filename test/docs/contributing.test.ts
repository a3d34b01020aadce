import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../lib/repository-files.ts';
import { proseOf } from './documents.ts';

/** A path of this repository in code style: it has a slash, and no placeholder, space or argument. */
const PATH = /`((?:\.?[\w-]+\/)+[\w.-]*)`/g;

/** The paths that a text names in code style and that do not exist. */
const missingPaths = (lines: readonly string[]): string[] =>
  lines
    .flatMap((line) => [...line.matchAll(PATH)].map(([, path = '']) => path))
    .filter((path) => !existsSync(join(ROOT, path)));

/** The rows of tables that name a file and a text in it, as `file` and `text`. */
const pointersIn = (lines: readonly string[]) =>
  lines.flatMap((line) => {
    const [, file, text] = /^\| `([^`]+)` \| `((?:[^`])+)` \|/.exec(line) ?? [];
    return file === undefined || text === undefined ? [] : [{ file, text: text.replaceAll('\\|', '|') }];
  });

/** The pointers whose file does not have the text. */
const lost = (lines: readonly string[]) =>
  pointersIn(lines).filter(({ file, text }) => !readFileSync(join(ROOT, file), 'utf8').includes(text));

describe('CONTRIBUTING.md', () => {
  const lines = proseOf('CONTRIBUTING.md');

  test('names only files and folders that exist', () => {
    expect(missingPaths(['see `supervisor/nowhere.ts` and `test/docs/`'])).toEqual(['supervisor/nowhere.ts']);
    expect(missingPaths(lines)).toEqual([]);
  });

  test('points to lines that are in the files that it names', () => {
    expect(lost(['| `package.json` | `no such line` | what |'])).toHaveLength(1);
    expect(pointersIn(lines).length).toBeGreaterThan(30);
    expect(lost(lines)).toEqual([]);
  });
});
