import { expect, test } from '@jest/globals';
import { soak } from './soak.ts';

// `npm run soak` with a fiftieth of its full amounts.
test('nothing leaks and no byte changes while clients stall, packets are lost and parts die', async () => {
  const signal = AbortSignal.timeout(500_000);
  const checks = await soak({ scale: 0.02, signal, print: () => undefined });
  expect(checks.length).toBeGreaterThan(15);
  expect(checks.filter(({ problems }) => problems.length > 0)).toEqual([]);
}, 560_000);
