import { setTimeout as delay } from 'node:timers/promises';
import { ControlError } from '../../control/control-error.ts';
import type { Identity } from '../../control/psk.ts';
import type { RateLimit } from '../../control/throttle.ts';
import { type Allowance, TokenBucket } from '../../control/token-bucket.ts';

/** The limits that a seed sets. */
export interface SeedLimits {
  /** The rate at which one connection may send. */
  readonly rate: RateLimit;
  /** Maximum number of connections that have not proven a key yet: in total, and from one address. */
  readonly handshakes: number;
  readonly handshakesPerAddress: number;
  /**
   * The rate of joins of new nodes from one address (each container has its own), and of returns of one node.
   */
  readonly joins: Allowance;
  /** The rate of changes of one node, which all others are told. */
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

/** Maximum number of waiting changes of one node. */
const MAX_WAITING = 16;
/**
 * Maximum number of remembered addresses and nodes. Beyond that, the least recently used ones are forgotten.
 */
const MAX_REMEMBERED = 8192;

/**
 * Prevents one node from using up the shared resources: node ids, and the time of the seed and of the other
 * nodes.
 */
export class Quotas {
  readonly #limits: SeedLimits;
  readonly #joins = new Map<string, TokenBucket>();

  constructor(limits: SeedLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a join; `address` is the address from which the seed sees the node.
   * @throws ControlError EAGAIN if the node joins too often.
   */
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
