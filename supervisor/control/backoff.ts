import { setTimeout as delay } from 'node:timers/promises';

const SHORT: PauseBounds = { first: 20, longest: 1000 };

/** ms */
export interface PauseBounds {
  readonly first: number;
  readonly longest: number;
}

/**
 * The pause before attempt `attempt` (0, 1, ...), ms: `first`, doubled each time up to `longest`. `chance`, from 0 to
 * 1, makes it between half and all of that, so that many that failed together do not come again at once.
 */
export function pauseBefore(
  attempt: number,
  { first, longest }: PauseBounds,
  chance = Math.random(),
): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (0.5 + chance / 2);
}

/**
 * Waits before attempt `attempt` (0, 1, ...): 20 ms doubling up to 1 s, between half and all of it by chance,
 * so that the nodes of a restarted seed do not come all at once. Rejects with the signal's reason.
 */
export async function backoff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(pauseBefore(attempt, SHORT), undefined, { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
