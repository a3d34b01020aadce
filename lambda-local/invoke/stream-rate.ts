import { setTimeout as delay } from 'node:timers/promises';

const MB = 1024 * 1024;
/** The number of bytes of a streamed response that pass at once, and the bytes per second after that. */
const BURST = 6 * MB;
const RATE = 2 * MB;

/**
 * Limits the rate of one streamed response as Lambda does: the first 6 MB are not limited, the rest is
 * limited to 2 MB/s. The returned function gets the size of each chunk, and resolves when the chunk may be
 * sent. `now` returns a time in ms.
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
