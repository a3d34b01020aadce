import type { TransportCounts } from '../metrics/seed-observer.ts';
import type { NodeRecord } from '../nodes/node-record.ts';
import { gatherPairs } from './gather-pairs.ts';

/** How long a count is reused, ms. A scraper that asks more often causes no request to a node. */
const FRESH = 5000;

/** Asks the nodes of this seed for the transports of their connections, at most once in 5 s. */
export class TransportCounter {
  readonly #nodes: () => readonly NodeRecord[];
  #counted: { readonly at: number; readonly counts: Promise<TransportCounts> } | undefined;

  /** `nodes` returns the nodes that the seed knows at the moment. */
  constructor(nodes: () => readonly NodeRecord[]) {
    this.#nodes = nodes;
  }

  count(): Promise<TransportCounts> {
    const now = performance.now();
    if (this.#counted && now - this.#counted.at < FRESH) return this.#counted.counts;
    const own = this.#nodes().filter(({ host }) => host && host.seed === undefined);
    this.#counted = { at: now, counts: countTransports(own) };
    return this.#counted.counts;
  }
}

async function countTransports(nodes: readonly NodeRecord[]): Promise<TransportCounts> {
  const counts = new Map<string, { pairs: number; connections: number }>(
    ['direct', 'punch', 'relay'].map((transport) => [transport, { pairs: 0, connections: 0 }]),
  );
  for (const { pairs = [] } of await gatherPairs(nodes))
    for (const { transport, connections } of pairs) {
      const known = counts.get(transport);
      if (!known) continue;
      known.pairs += 1;
      known.connections += connections;
    }
  return counts;
}
