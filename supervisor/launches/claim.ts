import type { Session } from '../control/session.ts';
import { Claim as ClaimMessage } from '../protocol/stdio.ts';

/**
 * The most functions that may be connected until one claims the launch: Lambda may deliver an event more than
 * once.
 */
export const MAX_CONTENDERS = 8;

/**
 * Finds the function that has the launch: the first that claims it, because the seed gives a launch to one
 * only.
 */
export class Claim {
  /** The session of the function that has the launch. All others are refused. */
  readonly session: Promise<Session>;
  readonly #winner = Promise.withResolvers<Session>();
  readonly #onClaim: (session: Session) => void;
  readonly #contenders = new Set<Session>();
  #isTaken = false;

  /**
   * `onClaim` is called with the session before anything more is read from the session. Messages in the same
   * packet as the claim therefore find their handlers.
   */
  constructor(onClaim: (session: Session) => void) {
    this.#onClaim = onClaim;
    this.session = this.#winner.promise;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** A function has connected. Owns the session. */
  hear(session: Session): void {
    if (this.#isTaken || this.#contenders.size >= MAX_CONTENDERS) return void session.close();
    this.#contenders.add(session);
    void session.closed.then(() => this.#contenders.delete(session));
    session.onNotification(ClaimMessage, () => this.#take(session));
  }

  #take(session: Session): void {
    if (this.#isTaken) return void session.close('another function has the launch');
    this.#isTaken = true;
    for (const other of this.#contenders)
      if (other !== session) void other.close('another function has the launch');
    this.#onClaim(session);
    this.#winner.resolve(session);
  }
}
