import { setTimeout as delay } from 'node:timers/promises';

const MB = 1024 * 1024;
/** Bytes that a streamed response may send at once, then bytes per second. */
const BURST = 6 * MB;
const RATE = 2 * MB;

/**
 * Paces one streamed response as Lambda does: the first 6 MB freely, then 2 MB/s. Call it with the size of each
 * chunk; it resolves when the chunk may be sent. `now` gives ms.
 */
export function createStreamRate(
  now: () => number = performance.now.bind(performance),
): (size: number) => Promise<void> {
  let credit = BURST;
  let last = now();
  return async (size) => {
    const at = now();
    credit = Math.min(BURST, credit + ((at - last) / 1000) * RATE) - size;
    last = at;
    if (credit < 0) await delay((-credit / RATE) * 1000);
  };
}
