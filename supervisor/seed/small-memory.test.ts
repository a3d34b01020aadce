import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { returnMemory } from './small-memory.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('memory is returned twice after the last change of connections, and rarely during many', () => {
  const stop = new AbortController();
  let trims = 0;
  const trimMemory = () => {
    trims += 1;
  };
  const tidy = returnMemory({ trimMemory }, stop.signal);
  for (let second = 0; second < 60; second += 1) {
    for (let time = 0; time < 100; time += 1) tidy();
    jest.advanceTimersByTime(1000);
  }
  expect(trims).toBeGreaterThan(0);
  expect(trims).toBeLessThanOrEqual(12);
  const before = trims;
  jest.advanceTimersByTime(3_600_000);
  expect(trims - before).toBeLessThanOrEqual(2);
  expect(trims).toBeGreaterThan(before);
  tidy();
  stop.abort();
  const atEnd = trims;
  jest.advanceTimersByTime(60_000);
  expect(trims).toBe(atEnd);
  expect(jest.getTimerCount()).toBe(0);
});
