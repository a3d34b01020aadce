import { setTimeout as delay } from 'node:timers/promises';

const FIRST = 20;
const LONGEST = 1000;

/**
 * Waits before attempt `attempt` (0, 1, ...): 20 ms doubling up to 1 s, between half and all of it by chance,
 * so that the nodes of a restarted seed do not come all at once. Rejects with the signal's reason.
 */
export async function backoff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
  signal?.throwIfAborted();
  try {
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
