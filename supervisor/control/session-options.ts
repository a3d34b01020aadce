import type { ControlObserver } from './control-observer.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import type { RateLimit } from './throttle.ts';

export interface SessionOptions {
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** Maximum number of this side's requests that wait for an answer at the same time. */
  readonly maxPending?: number | undefined;
  /** Maximum number of the peer's requests that are handled at the same time. */
  readonly maxHandling?: number | undefined;
  /** Maximum number of bytes that wait to be written; the session drops a peer that lets more pile up. */
  readonly maxQueued?: number | undefined;
  /**
   * Maximum number of bytes that the socket gets at once; TLS keeps that much memory for as long as the
   * connection lives.
   */
  readonly maxWrite?: number | undefined;
  /**
   * The rate at which the peer may send; the session reads more slowly from a peer that exceeds it. The
   * default is no limit.
   */
  readonly rateLimit?: RateLimit | undefined;
  readonly observer?: ControlObserver | undefined;
  /**
   * Whether the session accepts deflated frames. If not, a deflated frame is malformed, as a small one could
   * make this side unpack a lot.
   */
  readonly takesDeflated?: boolean | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms; the default is 10,000. */
  readonly timeout?: number | undefined;
}
