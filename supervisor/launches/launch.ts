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

/** One function from its invocation to its end, as its holder sees it. It has a node and a session of its own. */
export interface Launch {
  readonly joined: Promise<Joined>;
  /** Resolves when the function has connected. */
  readonly session: Promise<Session>;
  /** Resolves when the guest runs. */
  readonly started: Promise<void>;
  /** Resolves when the function does not exist any more. `outcome` may follow later, where only Lambda can tell it. */
  readonly gone: Promise<void>;
  /** How the launch ended; its node has left by then. Rejects as `joinOverlay`, and where the event cannot be made. */
  readonly outcome: Promise<Outcome>;
  /** When the function was invoked, as `performance.now()`. */
  invokedAt(): number;
  /** Rejects while the seed is away. The seed is told in any case when it is back. */
  setDuty(duty: Duty): Promise<void>;
  /** Sends a signal to the guest. Before the function has connected, a signal that ends processes ends the launch. */
  deliver(signal: string): void;
  /**
   * Sends a stop signal to the guest. `deliver` then ignores this signal: many programs end at once on a
   * second one.
   */
  stop(signal: string): void;
  /** Ends the function as a crash of the holder would. */
  end(): void;
}
