import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineSplitter } from './line-splitter.ts';

test('lines are whole, in whatever chunks their bytes arrive', async () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const found: string[] = [];
      const splitter = lineSplitter((each) => found.push(each));
      for (let at = 0; at < bytes.length; at += size) splitter.write(bytes.subarray(at, at + size));
      splitter.end();
      await once(splitter, 'finish');
      expect(found).toEqual(lines);
    }),
  );
});

test('a line of more than 64 KB is split, and a last line without line end is not lost', async () => {
  const found: string[] = [];
  const splitter = lineSplitter((each) => found.push(each));
  splitter.write(Buffer.alloc(100_000, 'x'));
  splitter.end('y');
  await once(splitter, 'finish');
  expect(found.map((each) => each.length)).toEqual([65_536, 34_465]);
});
