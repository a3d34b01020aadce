import { setTimeout as delay } from 'node:timers/promises';
import { ControlError } from '../../control/control-error.ts';
import type { Identity } from '../../control/psk.ts';
import type { RateLimit } from '../../control/throttle.ts';
import { type Allowance, TokenBucket } from '../../control/token-bucket.ts';

/** The limits that a seed sets. */
export interface SeedLimits {
  /** How much one connection may send. */
  readonly rate: RateLimit;
  /** Connections that have not proven a key yet, in all and from one address. */
  readonly handshakes: number;
  readonly handshakesPerAddress: number;
  /** Joins of new nodes from one address (each container has its own), and returns of one node. */
  readonly joins: Allowance;
  /** Changes of one node that all others are told. */
  readonly changes: Allowance;
}

/**
 * A busy proxy opens hundreds of connections a second. The limits are far above that, and far below what
 * would delay other nodes.
 */
export const SEED_LIMITS: SeedLimits = {
  rate: {
    frames: { perSecond: 2000, burst: 4000 },
    bytes: { perSecond: 4 * 2 ** 20, burst: 16 * 2 ** 20 },
  },
  handshakes: 1024,
  handshakesPerAddress: 512,
  joins: { perSecond: 2, burst: 64 },
  changes: { perSecond: 50, burst: 500 },
};

/** How many changes of one node may wait. */
const MAX_WAITING = 16;
/**
 * How many joining addresses and nodes are remembered. Beyond that, those that have been quiet for longest
 * are forgotten.
 */
const MAX_REMEMBERED = 8192;

/**
 * Keeps one node from using up what all nodes share: ids, and the time of the seed and of the other nodes.
 */
export class Quotas {
  readonly #limits: SeedLimits;
  readonly #joins = new Map<string, TokenBucket>();

  constructor(limits: SeedLimits) {
    this.#limits = limits;
  }

  /** Throws ControlError EAGAIN if a node joins too often; `address` is where the seed sees it. */
  join(identity: Identity, address: string): void {
    // Many functions may share the address of their NAT, but each has a launch of its own.
    const key = 'nodeId' in identity ? `node ${identity.nodeId}` : address;
    const bucket = this.#joins.get(key) ?? new TokenBucket(this.#limits.joins);
    this.#joins.delete(key);
    this.#joins.set(key, bucket);
    const oldest = this.#joins.keys().next();
    if (this.#joins.size > MAX_REMEMBERED && !oldest.done) this.#joins.delete(oldest.value);
    if (!bucket.tryTake()) throw new ControlError('EAGAIN', `${key} joins too often`);
  }

  /**
   * Returns, for one connection, a function that resolves when the next change may be made. It rejects with
   * EAGAIN if too many wait, or with the signal's reason.
   */
  changes(): (signal: AbortSignal) => Promise<void> {
    const bucket = new TokenBucket(this.#limits.changes);
    let waiting = 0;
    return async (signal) => {
      if (waiting >= MAX_WAITING) throw new ControlError('EAGAIN', 'this node changes too often');
      const rest = bucket.take(1);
      if (rest === 0) return;
      waiting += 1;
      try {
        await delay(rest, undefined, { signal });
      } finally {
        waiting -= 1;
      }
    };
  }
}
