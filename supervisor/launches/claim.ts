import type { Session } from '../control/session.ts';
import { Claim as ClaimMessage } from '../protocol/stdio.ts';

/** One event may be delivered more than once: so many functions are heard until one of them claims the launch. */
export const MAX_CONTENDERS = 8;

/** Decides which of the functions that connect has the launch: the first one that says so, as the seed gives it to one only. */
export class Claim {
  /** The session of the function that has the launch. All others are refused. */
  readonly session: Promise<Session>;
  readonly #winner = Promise.withResolvers<Session>();
  readonly #onClaim: (session: Session) => void;
  readonly #contenders = new Set<Session>();
  #isTaken = false;

  /**
   * `onClaim` is called with the session before anything more is read from it: what arrives with the claim, in the same packet, has to
   * find its handlers.
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
