import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT, repositoryFiles } from '../lib/repository-files.ts';

/** Characters; the formatters have the same limit, but they break neither strings nor test titles. */
const WIDTH = 110;

const CODE = /\.(ts|c|h)$/;

/** Files and folders whose lines may be longer, each with the reason, such as golden bytes. */
const EXCEPTIONS: readonly RegExp[] = [
  // A test program that is one file on purpose.
  /^test\/compat\/images\/src\//,
  // Messages for users that are one long string each.
  /^(supervisor\/(guest|function|launches|phantom)|compose-plugin\/(cli|project|compose))\//,
];

/** The numbers of the lines that are too long, the first line being 1. */
const tooLong = (text: string): number[] =>
  text.split('\n').flatMap((line, index) => ([...line].length > WIDTH ? [index + 1] : []));

describe('lines of code', () => {
  test('a long line is found; a line of the limit is not', () =>
    expect(tooLong(['x'.repeat(WIDTH), 'x'.repeat(WIDTH + 1), '’'.repeat(WIDTH)].join('\n'))).toEqual([2]));

  test(`no line of TypeScript or C is longer than ${WIDTH} characters`, () => {
    const files = repositoryFiles().filter(
      (file) => CODE.test(file) && !EXCEPTIONS.some((exempt) => exempt.test(file)),
    );
    expect(files.length).toBeGreaterThan(500);
    const found = files.flatMap((file) =>
      tooLong(readFileSync(join(ROOT, file), 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(found).toEqual([]);
  });

  test('every exception is needed', () =>
    expect(
      EXCEPTIONS.filter(
        (exempt) =>
          !repositoryFiles().some(
            (file) =>
              CODE.test(file) &&
              exempt.test(file) &&
              tooLong(readFileSync(join(ROOT, file), 'utf8')).length > 0,
          ),
      ),
    ).toEqual([]));
});
