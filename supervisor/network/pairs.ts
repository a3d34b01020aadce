import type { PairStatus } from '../published/node-config.ts';

const MAX_PAIRS = 1024;

/** Counts this node's connections to other nodes by transport, for `docker boxer ps --network`. */
export class Pairs {
  readonly #pairs = new Map<string, PairStatus>();

  /** Counts a connection to `to`. `rtt` is the round trip in ms, if it is known. */
  count(to: string, transport: PairStatus['transport'], why: string, rtt?: number): void {
    const key = `${to} ${transport}`;
    const before = this.#pairs.get(key);
    this.#pairs.delete(key);
    const latest = rtt ?? before?.rtt;
    const connections = (before?.connections ?? 0) + 1;
    this.#pairs.set(key, {
      to,
      transport,
      why,
      connections,
      ...(latest === undefined ? {} : { rtt: latest }),
    });
    const oldest = this.#pairs.keys().next();
    if (this.#pairs.size > MAX_PAIRS && !oldest.done) this.#pairs.delete(oldest.value);
  }

  /** Returns all pairs in the order of their last use; the latest comes last. */
  all(): PairStatus[] {
    return [...this.#pairs.values()];
  }
}
