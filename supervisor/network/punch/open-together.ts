import { randomInt } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf } from '../../control/control-error.ts';

/** ms; a fixed pause would keep two sides that reset each other in step for ever. */
const LONGEST_PAUSE = 40;
/** Near hosts reset each other within microseconds: for so long, ms, this side is there nearly all the time. */
const EAGER_TIME = 50;

/** The other side is not there yet, and something on the way said so. */
const EARLY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Opens a connection which the other end opens too (RFC 9293, simultaneous open): dials again and again while it is reset, until
 * `signal` aborts. The caller owns what comes of it. Rejects with the error of `dial`, or the signal's reason.
 */
export async function openTogether<T>(
  dial: () => T | Promise<T>,
  signal: AbortSignal,
  onReset: () => void = () => undefined,
): Promise<T> {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await dial();
    } catch (error) {
      signal.throwIfAborted();
      if (!EARLY.has(codeOf(error))) throw error;
      onReset();
    }
    // A near host resets while the packet is still being sent: the rest of this process has its turn before the next.
    if (performance.now() - started <= EAGER_TIME) await nextTurn();
    else
      await delay(randomInt(1, 1 + LONGEST_PAUSE), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
  }
}
