import type { NodeConfig } from '../../published/node-config.ts';

export type Renewal = NonNullable<NodeConfig['renewal']>;

/** When what has to happen to a function, as `performance.now()`. */
export interface Times {
  /** Its successor is started. */
  readonly renewAt: number;
  /** Its guest is told to end, at the latest. */
  readonly stopAt: number;
  /** It is ended. */
  readonly endAt: number;
}

/** Lambda counts from a moment that we do not see, and does not wait; ms. */
const MARGIN = 1000;
/** So much of its time a function may be renewed earlier, so that replicas which were started together do not stay so. */
const JITTER = 0.05;

/**
 * The plan for a function that was invoked at `invokedAt`. Counted from the invocation by our own clock: the function has its time
 * from its start, which is later, and its clock may be another. `chance`: 0 to 1.
 */
export function timesOf(invokedAt: number, renewal: Renewal, chance: number): Times {
  const lifetime = renewal.lifetime * 1000;
  const before = renewal.before * 1000;
  const endAt = invokedAt + lifetime - MARGIN;
  const renewAt = invokedAt + (lifetime - before) * (1 - JITTER * chance);
  // A grace period that leaves a successor no time to start would help nobody: half of the time is for that.
  const stopAt = Math.max(endAt - renewal.stopGracePeriod * 1000, renewAt + before / 2);
  return { renewAt, stopAt: Math.min(stopAt, endAt), endAt };
}
