import type { Socket } from 'node:net';
import { type RateLimit, Throttle } from './throttle.ts';

interface PacedReadingOptions {
  /** No limit if undefined. */
  readonly rateLimit: RateLimit | undefined;
  /** Called with the length of a rest, ms, when it begins. */
  readonly onRest: (ms: number) => void;
}

/**
 * Decides when a session reads from its socket. It does not read while its user has paused it, nor while it
 * rests because the peer exceeded its rate limit; further bytes then wait in the peer's buffers.
 */
export class PacedReading {
  readonly #socket: Socket;
  readonly #throttle: Throttle | undefined;
  readonly #onRest: PacedReadingOptions['onRest'];
  /** Set during a rest. */
  #resting: NodeJS.Timeout | undefined;
  #isPaused = false;

  constructor(socket: Socket, { rateLimit, onRest }: PacedReadingOptions) {
    this.#socket = socket;
    this.#throttle = rateLimit && new Throttle(rateLimit);
    this.#onRest = onRest;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#resting === undefined) this.#socket.resume();
  }

  /** Charges the peer for what has arrived. If the peer exceeded its rate limit, a rest begins. */
  charge(frames: number, bytes: number): void {
    const rest = this.#throttle?.arrived(frames, bytes) ?? 0;
    if (rest === 0 || this.#resting !== undefined) return;
    this.#onRest(rest);
    this.#socket.pause();
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      if (!this.#isPaused) this.#socket.resume();
    }, rest);
  }

  /** Ends the timer of a rest; the socket stays as it is. */
  close(): void {
    clearTimeout(this.#resting);
  }
}
