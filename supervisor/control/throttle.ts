/** What one peer may send, on average and at once. */
export interface RateLimit {
  /** frames in a second; `burst` of them at once */
  readonly frames: { readonly perSecond: number; readonly burst: number };
  /** bytes in a second; `burst` of them at once */
  readonly bytes: { readonly perSecond: number; readonly burst: number };
}

/** Tokens come in evenly and are never more than the burst. May fall below zero: what has arrived is paid later. */
class Bucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor({ perSecond, burst }: { perSecond: number; burst: number }, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes `count`; returns ms until nothing is owed any more. */
  take(count: number, now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs) - count;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }
}

/** Says how long not to read from a peer that sends too much: nothing is lost, and it slows down nobody but itself. */
export class Throttle {
  readonly #frames: Bucket;
  readonly #bytes: Bucket;

  constructor({ frames, bytes }: RateLimit, now = performance.now()) {
    this.#frames = new Bucket(frames, now);
    this.#bytes = new Bucket(bytes, now);
  }

  /** ms to wait before more is read, 0 in general. */
  arrived(frames: number, bytes: number, now = performance.now()): number {
    return Math.max(this.#frames.take(frames, now), this.#bytes.take(bytes, now));
  }
}
