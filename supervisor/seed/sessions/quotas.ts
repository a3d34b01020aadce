import { setTimeout as delay } from 'node:timers/promises';
import { ControlError } from '../../control/control-error.ts';
import type { Identity } from '../../control/psk.ts';
import type { RateLimit } from '../../control/throttle.ts';
import { type Allowance, TokenBucket } from '../../control/token-bucket.ts';

/** What a seed grants. */
export interface SeedLimits {
  /** What one connection may send. */
  readonly rate: RateLimit;
  /** Connections that have not proven anything yet, in all and from one address. */
  readonly handshakes: number;
  readonly handshakesPerAddress: number;
  /** New nodes from one address (each container has its own), and returns of one node. */
  readonly joins: Allowance;
  /** Changes of one node that everybody is told. */
  readonly changes: Allowance;
}

/** A busy proxy opens hundreds of connections a second; the bounds are far above, and far below what would keep others waiting. */
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

/** Changes of one node that wait for their turn. */
const MAX_WAITING = 16;
/** Who joined lately; beyond, those who did nothing for the longest are forgotten. */
const MAX_REMEMBERED = 8192;

/** Keeps one node from using up what all need: ids, and everybody's attention. */
export class Quotas {
  readonly #limits: SeedLimits;
  readonly #joins = new Map<string, TokenBucket>();

  constructor(limits: SeedLimits) {
    this.#limits = limits;
  }

  /** Throws ControlError EAGAIN for who joins too often; `address` is where the seed sees it. */
  join(identity: Identity, address: string): void {
    // Many functions may share the address of their NAT, but each of them has a launch of its own.
    const key = 'nodeId' in identity ? `node ${identity.nodeId}` : address;
    const bucket = this.#joins.get(key) ?? new TokenBucket(this.#limits.joins);
    this.#joins.delete(key);
    this.#joins.set(key, bucket);
    const oldest = this.#joins.keys().next();
    if (this.#joins.size > MAX_REMEMBERED && !oldest.done) this.#joins.delete(oldest.value);
    if (!bucket.tryTake()) throw new ControlError('EAGAIN', `${key} joins too often`);
  }

  /** For one connection: resolves when it is the turn of the next change. Rejects with EAGAIN where too many wait, or with the signal's reason. */
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
