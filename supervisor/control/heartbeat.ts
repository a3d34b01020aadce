/** `interval` is the length of a tick, ms; `suspect` and `dead` are numbers of ticks. */
export interface HeartbeatOptions {
  readonly interval: number;
  readonly suspect: number;
  readonly dead: number;
}

/**
 * A peer counts as dead at most 5 s after its last byte: four silent ticks, and the tick in which the byte
 * came.
 */
export const HEARTBEAT: HeartbeatOptions = { interval: 1000, suspect: 3, dead: 4 };

/**
 * Detects a peer that has frozen or is cut off. (A crash closes the connection and needs no timer.) The
 * heartbeat counts silent ticks, not time: if this process stood still, its late timer fires once, and the
 * peer is charged with one tick only.
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
   * If `deaf` returns true, this side has paused reading, so silence says nothing about the peer. The peer
   * still needs pings from this side.
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
