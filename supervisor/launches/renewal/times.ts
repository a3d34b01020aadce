import type { NodeConfig } from '../../published/node-config.ts';

export type Renewal = NonNullable<NodeConfig['renewal']>;

/** The times of a function's renewal, as values of `performance.now()`. */
export interface Times {
  /** When the function's successor is started. */
  readonly renewAt: number;
  /** The latest time at which the function's guest gets the stop signal. */
  readonly stopAt: number;
  /** When the function itself is ended if its guest has not ended. */
  readonly endAt: number;
}

/** A safety margin in ms: the phantom does not see from which moment Lambda counts the function's timeout. */
const MARGIN = 1000;
/**
 * The share of its time by which a function may be renewed earlier, so that replicas which were started
 * together are not renewed together.
 */
const JITTER = 0.05;

/**
 * The times of a function that was invoked at `invokedAt`. They are counted from the invocation, by the
 * phantom's clock, as the function's clock may differ. Lambda counts the timeout from a later moment, so
 * these times are never too late. `chance`: a random number from 0 to 1.
 */
export function timesOf(invokedAt: number, renewal: Renewal, chance: number): Times {
  const lifetime = renewal.lifetime * 1000;
  const before = renewal.before * 1000;
  const endAt = invokedAt + lifetime - MARGIN;
  const renewAt = invokedAt + (lifetime - before) * (1 - JITTER * chance);
  // A long grace period must leave the successor time to start: at least half of the time is kept for that.
  const stopAt = Math.max(endAt - renewal.stopGracePeriod * 1000, renewAt + before / 2);
  return { renewAt, stopAt: Math.min(stopAt, endAt), endAt };
}
