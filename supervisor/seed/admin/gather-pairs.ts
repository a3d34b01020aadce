import { Pairs } from '../../protocol/punch.ts';
import type { NodeStatus, PairStatus } from '../../published/node-config.ts';
import { type NodeRecord, statusOf } from '../nodes/node-record.ts';

/** A node that is frozen does not answer, ms. */
const ANSWER_TIMEOUT = 1000;

/** Nodes with the pairs that they have used. One that does not answer in a second has none. */
export function gatherPairs(nodes: readonly NodeRecord[]): Promise<NodeStatus[]> {
  return Promise.all(nodes.map(async (node) => ({ ...statusOf(node), pairs: await pairsOf(node) })));
}

async function pairsOf({ host }: NodeRecord): Promise<PairStatus[]> {
  const reply = await host?.session.request(Pairs, {}, { timeout: ANSWER_TIMEOUT }).catch(() => undefined);
  return [...(reply?.pairs ?? [])];
}
