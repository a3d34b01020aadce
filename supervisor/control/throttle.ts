import { type Allowance, TokenBucket } from './token-bucket.ts';

/** What one peer may send. */
export interface RateLimit {
  readonly frames: Allowance;
  readonly bytes: Allowance;
}

/**
 * Says how long not to read from a peer that sends too much: nothing is lost, and it slows down nobody but
 * itself.
 */
export class Throttle {
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor({ frames, bytes }: RateLimit) {
    this.#frames = new TokenBucket(frames);
    this.#bytes = new TokenBucket(bytes);
  }

  /** ms to wait before more is read, 0 in general. What has arrived is paid later. */
  arrived(frames: number, bytes: number): number {
    return Math.max(this.#frames.take(frames), this.#bytes.take(bytes));
  }
}
