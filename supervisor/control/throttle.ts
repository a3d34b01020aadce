import { type Allowance, TokenBucket } from './token-bucket.ts';

/** The rate at which one peer may send. */
export interface RateLimit {
  readonly frames: Allowance;
  readonly bytes: Allowance;
}

/**
 * Computes pauses in reading from a peer that sends too much. Nothing is lost, and the peer slows down nobody
 * but itself.
 */
export class Throttle {
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor({ frames, bytes }: RateLimit) {
    this.#frames = new TokenBucket(frames);
    this.#bytes = new TokenBucket(bytes);
  }

  /**
   * Returns the time to wait before reading more, ms; usually 0. Bytes that have arrived already are charged
   * afterwards.
   */
  arrived(frames: number, bytes: number): number {
    return Math.max(this.#frames.take(frames), this.#bytes.take(bytes));
  }
}
