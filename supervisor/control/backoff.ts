import { setTimeout as delay } from 'node:timers/promises';

const SHORT: PauseBounds = { first: 20, longest: 1000 };

/** The first and the longest pause, ms. */
export interface PauseBounds {
  readonly first: number;
  readonly longest: number;
}

/**
 * Returns the pause before attempt `attempt` (0, 1, ...), ms: `first`, doubled with each attempt up to
 * `longest`, times a factor from 0.5 to 1. `chance` (0 to 1) sets the factor, so that nodes that failed
 * together do not retry together.
 */
export function pauseBefore(
  attempt: number,
  { first, longest }: PauseBounds,
  chance = Math.random(),
): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (0.5 + chance / 2);
}

/**
 * Waits before attempt `attempt` (0, 1, ...): 20 ms, doubled with each attempt up to 1 s, times a random
 * factor from 0.5 to 1, so that the nodes of a restarted seed do not return all at once. Rejects with the
 * signal's reason.
 */
export async function backoff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(pauseBefore(attempt, SHORT), undefined, { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
