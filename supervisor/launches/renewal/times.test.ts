import { expect, test } from '@jest/globals';
import { type Renewal, timesOf } from './times.ts';

const renewal = (more: Partial<Renewal> = {}): Renewal => ({
  ...{ lifetime: 900, before: 70, stopSignal: 'SIGTERM', stopGracePeriod: 10 },
  ...more,
});

test('a function is renewed in time, is stopped a grace period before its end, and ends before Lambda’s timeout', () => {
  expect(timesOf(5000, renewal(), 0)).toEqual({ renewAt: 835_000, stopAt: 894_000, endAt: 904_000 });
});

test('replicas that started together are renewed at different times, and none later than configured', () => {
  expect(timesOf(0, renewal(), 1).renewAt).toBe(830_000 * 0.95);
});

test.each([
  [{ stopGracePeriod: 600 }],
  [{ lifetime: 10, before: 9 }],
  [{ lifetime: 10, before: 1, stopGracePeriod: 60 }],
])('with %j a successor still has time to start, and the function is ended at the same time', (more) => {
  const { renewAt, stopAt, endAt } = timesOf(0, renewal(more), 0.5);
  expect(renewAt).toBeLessThan(stopAt);
  expect(stopAt).toBeLessThanOrEqual(endAt);
  expect(endAt).toBe(renewal(more).lifetime * 1000 - 1000);
});
