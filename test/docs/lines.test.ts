import { describe, expect, test } from '@jest/globals';
import { documents, prose, proseOf } from './documents.ts';

/** Characters. `.editorconfig` says the same to editors. */
const WIDTH = 120;

const TABLE = /^\s*\|/;
const INDENTED_CODE = /^ {4,}/;
/** A line of one word, such as a long link, which cannot be broken. */
const ONE_WORD = /^\s*([-*+]\s+|\d+[.)]\s+)?\S+$/;

/** The numbers of the lines that are too long, the first line being 1. */
const tooLong = (lines: readonly string[]): number[] =>
  lines.flatMap((line, index) =>
    [...line].length <= WIDTH || [TABLE, INDENTED_CODE, ONE_WORD].some((exempt) => exempt.test(line))
      ? []
      : [index + 1],
  );

describe('lines of documents', () => {
  test('a long line of prose is found; a long line of code, of a table or of one word is not', () => {
    const words = 'word '.repeat(WIDTH / 5);
    const text = [
      `${words}end`,
      `| ${words} |`,
      `    ${words}`,
      'x'.repeat(WIDTH + 1),
      '```',
      `${words}end`,
      '```',
    ];
    expect(tooLong(prose(text.join('\n')))).toEqual([1]);
  });

  test(`no line of prose is longer than ${WIDTH} characters`, () =>
    expect(documents.flatMap((file) => tooLong(proseOf(file)).map((line) => `${file}:${line}`))).toEqual([]));
});
