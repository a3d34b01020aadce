import { randomInt } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf } from '../../control/control-error.ts';

/**
 * The longest pause, ms. Pauses are random: with a fixed pause, two sides that reset each other would stay in
 * step forever.
 */
const LONGEST_PAUSE = 40;
/**
 * How long this side dials without pauses, ms: near hosts reset each other within microseconds, so this side
 * has to be open nearly all the time.
 */
const EAGER_TIME = 50;

/**
 * Errors which show that the other side has not opened its end yet, and that a host or a NAT reset the
 * packet.
 */
const EARLY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Opens a connection that the other side opens as well (RFC 9293, simultaneous open). Dials repeatedly while
 * packets are reset, until `signal` aborts. The caller owns the connection. Rejects with the error of `dial`,
 * or with the signal's reason.
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
    // A near host resets a packet while it is still being sent. The rest of this process gets its turn before
    // the next attempt.
    if (performance.now() - started <= EAGER_TIME) await nextTurn();
    else
      await delay(randomInt(1, 1 + LONGEST_PAUSE), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
  }
}
