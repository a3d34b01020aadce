import { expect, test } from '@jest/globals';
import { createStreamRate } from './stream-rate.ts';

const MB = 1024 * 1024;

test('6 MB pass at once, and the rest is limited to 2 MB/s', async () => {
  const paced = createStreamRate();
  const began = performance.now();
  await paced(6 * MB);
  expect(performance.now() - began).toBeLessThan(50);
  await paced(MB / 4);
  const waited = performance.now() - began;
  expect(waited).toBeGreaterThan(100);
  expect(waited).toBeLessThan(1000);
});
