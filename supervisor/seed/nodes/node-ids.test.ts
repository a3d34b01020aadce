import { expect, test } from '@jest/globals';
import { NodeIds } from './node-ids.ts';

test('allocate() returns ascending ids, and a rested id only when no unused one is left', () => {
  const ids = new NodeIds(3);
  expect([ids.allocate(0), ids.allocate(0)]).toEqual([1, 2]);
  ids.release(1, 0);
  expect(ids.allocate(1)).toBe(3);
  expect(() => ids.allocate(59_999)).toThrow('full');
  expect(ids.allocate(60_000)).toBe(1);
});

test('a claimed id is not allocated, and a released id can be claimed', () => {
  const ids = new NodeIds(10);
  expect(ids.claim(2)).toBe(true);
  expect(ids.claim(2)).toBe(false);
  expect(ids.claim(11)).toBe(false);
  expect([ids.allocate(), ids.allocate()]).toEqual([1, 3]);
  ids.release(1);
  expect(ids.claim(1)).toBe(true);
});
