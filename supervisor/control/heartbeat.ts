/** All in ticks of `interval` ms. */
export interface HeartbeatOptions {
  readonly interval: number;
  readonly suspect: number;
  readonly dead: number;
}

/**
 * The last sign of life lies somewhere in the tick before the silent ones: so many and one are 5 s at most.
 */
export const HEARTBEAT: HeartbeatOptions = { interval: 1000, suspect: 3, dead: 4 };

/**
 * Finds peers that freeze or are cut off; a crash closes the connection and needs no timer. Counts silent
 * ticks, not time: when it is this process that stood still, its own late timer is one tick and the peer is
 * not blamed for it.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #timer: NodeJS.Timeout;
  #silent = 0;
  #received = false;
  #sent = false;

  constructor(options: HeartbeatOptions, on: { ping: () => void; dead: () => void; deaf: () => boolean }) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(on), options.interval);
    this.#timer.unref();
  }

  get suspect(): boolean {
    return this.#silent >= this.#options.suspect;
  }

  received(): void {
    this.#received = true;
    this.#silent = 0;
  }

  sent(): void {
    this.#sent = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * `deaf`: this side has paused reading, so silence says nothing about the peer; the peer still needs our
   * pings.
   */
  #tick(on: { ping: () => void; dead: () => void; deaf: () => boolean }): void {
    const quiet = !(this.#received && this.#sent);
    if (!this.#received && !on.deaf()) this.#silent += 1;
    this.#received = false;
    this.#sent = false;
    if (this.#silent >= this.#options.dead) on.dead();
    else if (quiet) on.ping();
  }
}
