import type { Session } from '../control/session.ts';
import type { Duty, Overlay } from '../membership/join.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { Fetch } from './fetch.ts';
import type { Outcome } from './outcome.ts';

/** A launch that has a node in the overlay. */
export interface Joined {
  readonly overlay: Overlay;
  /** Makes the function that brings connections from the holder's `relay` to the guest. */
  readonly fetchBy: (relay: Relay) => Fetch;
}

/**
 * One function from its invocation to its end, as its holder sees it. Each launch has its own node and
 * session.
 */
export interface Launch {
  readonly joined: Promise<Joined>;
  /** Resolves when the function has connected. */
  readonly session: Promise<Session>;
  /** Resolves when the guest runs. */
  readonly started: Promise<void>;
  /**
   * Resolves when the function does not run any more. `outcome` may follow later, if only Lambda knows it.
   */
  readonly gone: Promise<void>;
  /**
   * Resolves to the outcome of the launch, after its node has left. Rejects with the errors of `joinOverlay`,
   * and if the event of the invocation cannot be made.
   */
  readonly outcome: Promise<Outcome>;
  /** When the function was invoked, as `performance.now()`. */
  invokedAt(): number;
  /** Rejects while the seed is away. The seed is told in any case when it is back. */
  setDuty(duty: Duty): Promise<void>;
  /**
   * Sends a signal to the guest. If the function has not connected yet, a signal that ends processes ends the
   * launch.
   */
  deliver(signal: string): void;
  /**
   * Sends a stop signal to the guest. `deliver` then ignores this signal: many programs end at once on a
   * second one.
   */
  stop(signal: string): void;
  /** Ends the function as a crash of the holder would. */
  end(): void;
}
