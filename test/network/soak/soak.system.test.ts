import { expect, test } from '@jest/globals';
import { soak } from './soak.ts';

// npm run soak, a fiftieth of it.
test('connections come and go, readers stall, nodes, seed and relay are killed, lines lose: nothing leaks, nothing is altered', async () => {
  const signal = AbortSignal.timeout(150_000);
  const checks = await soak({ scale: 0.02, signal, print: () => undefined });
  expect(checks.length).toBeGreaterThan(15);
  expect(checks.filter(({ problems }) => problems.length > 0)).toEqual([]);
}, 180_000);
