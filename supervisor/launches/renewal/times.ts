import type { NodeConfig } from '../../published/node-config.ts';

export type Renewal = NonNullable<NodeConfig['renewal']>;

/** The moments of a function's renewal, as `performance.now()`. */
export interface Times {
  /** When its successor is started. */
  readonly renewAt: number;
  /** When its guest gets the stop signal, at the latest. */
  readonly stopAt: number;
  /** When the function itself is ended. */
  readonly endAt: number;
}

/** Lambda enforces the timeout from a moment that the phantom does not see; ms of safety. */
const MARGIN = 1000;
/**
 * The share of its time by which a function may be renewed earlier, so that replicas which were started
 * together are not renewed together.
 */
const JITTER = 0.05;

/**
 * The times of a function that was invoked at `invokedAt`. They are counted from the invocation by the
 * phantom's own clock, which is never too late: the function's timeout begins later, and the function's clock
 * may differ. `chance`: 0 to 1.
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
