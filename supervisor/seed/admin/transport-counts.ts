import type { TransportCounts } from '../metrics/seed-observer.ts';
import type { NodeRecord } from '../nodes/node-record.ts';
import { gatherPairs } from './gather-pairs.ts';

/** ms for which an answer is good: whoever scrapes more often asks no node for it. */
const FRESH = 5000;

/** Asks the nodes of this seed how their connections are made, at most once in 5 s; `nodes` says who is there. */
export function transportCounts(nodes: () => readonly NodeRecord[]): () => Promise<TransportCounts> {
  let counted: Promise<TransportCounts> | undefined;
  let at = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (counted && now - at < FRESH) return counted;
    at = now;
    counted = count(nodes().filter(({ host }) => host && host.seed === undefined));
    return counted;
  };
}

async function count(nodes: readonly NodeRecord[]): Promise<TransportCounts> {
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
