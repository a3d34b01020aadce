import { Pairs } from '../../protocol/punch.ts';
import type { NodeStatus, PairStatus } from '../../published/node-config.ts';
import { type NodeRecord, statusOf } from '../nodes/node-record.ts';

/** How long a node may take to reply, ms. A frozen node does not reply. */
const ANSWER_TIMEOUT = 1000;

/**
 * Resolves to the status of nodes, each with the pairs that it has used; [] for a node that does not reply
 * within a second.
 */
export function gatherPairs(nodes: readonly NodeRecord[]): Promise<NodeStatus[]> {
  return Promise.all(nodes.map(async (node) => ({ ...statusOf(node), pairs: await pairsOf(node) })));
}

async function pairsOf({ host }: NodeRecord): Promise<PairStatus[]> {
  const reply = await host?.session.request(Pairs, {}, { timeout: ANSWER_TIMEOUT }).catch(() => undefined);
  return [...(reply?.pairs ?? [])];
}
