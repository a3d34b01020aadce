import * as z from 'zod/mini';
import { MessageType } from '../../control/message-type.ts';
import { type NodeStatus, type PairStatus, pairStatus } from '../../published/node-config.ts';
import { type NodeRecord, statusOf } from '../nodes/node-record.ts';

/** A node that is frozen does not answer, ms. */
const ANSWER_TIMEOUT = 1000;

const answer = z.object({ pairs: z.array(pairStatus) });

/** Nodes with the pairs that they have used. One that does not answer in a second has none. */
export function gatherPairs(nodes: readonly NodeRecord[]): Promise<NodeStatus[]> {
  return Promise.all(nodes.map(async (node) => ({ ...statusOf(node), pairs: await pairsOf(node) })));
}

async function pairsOf({ host }: NodeRecord): Promise<PairStatus[]> {
  const said = await host?.session
    .request(MessageType.pairs, {}, { timeout: ANSWER_TIMEOUT })
    .catch(() => undefined);
  const parsed = answer.safeParse(said);
  return parsed.success ? parsed.data.pairs : [];
}
