import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import { dialUnread } from '../dial.ts';

/** ms; a fixed pause would keep two sides that reset each other in step for ever. */
const LONGEST_PAUSE = 40;
/** Near hosts reset each other within microseconds: for so long, ms, this side is there nearly all the time. */
const EAGER_TIME = 50;

/** The other side is not there yet, and something on the way said so. */
const EARLY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Opens a connection which the other end opens too (RFC 9293, simultaneous open): from `localPort`, again and again while it is
 * reset, until `signal` aborts. Nothing is read; the caller owns the socket. `family` 6: a v4-mapped one. Rejects with the errno
 * of bind or connect, or the signal's reason.
 */
export async function openTogether(
  to: Endpoint,
  localPort: number,
  family: 4 | 6,
  signal: AbortSignal,
  onReset: () => void = () => undefined,
): Promise<Socket> {
  const host = family === 6 ? `::ffff:${to.address}` : to.address;
  const started = performance.now();
  for (;;) {
    try {
      return await dialUnread({ host, port: to.port, localPort, family, autoSelectFamily: false }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!EARLY.has(codeOf(error))) throw error;
      onReset();
    }
    if (performance.now() - started > EAGER_TIME)
      await delay(randomInt(1, 1 + LONGEST_PAUSE), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
  }
}
