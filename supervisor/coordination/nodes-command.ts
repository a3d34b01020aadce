import * as z from 'zod/mini';
import { dialControl } from '../control/dial.ts';
import { MessageType } from '../control/message-type.ts';
import { formatIdentity, newNonce, pskOf } from '../control/psk.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { type NodeStatus, nodeStatus } from '../published/node-config.ts';
import { nodesTable } from './nodes-table.ts';

export interface NodesOptions {
  /** Of the seed's control listener, in this container. */
  readonly port: number;
  readonly projectKey: Buffer;
  readonly signal?: AbortSignal | undefined;
}

const answer = z.object({ nodes: z.array(nodeStatus) });

/** Asks the seed of this container. Rejects with ControlError where it is not there or the key is not its own. */
export async function queryNodes({ port, projectKey, signal }: NodesOptions): Promise<NodeStatus[]> {
  const identity = formatIdentity({ kind: 'admin', nonce: newNonce() });
  const session = await dialControl({
    host: '127.0.0.1',
    port,
    identity,
    key: pskOf(projectKey, identity),
    signal,
  });
  try {
    const parsed = answer.safeParse(await session.request(MessageType.nodes, {}, { signal }));
    if (!parsed.success) throw new BoxerError('EPROTO', `seed on port ${port}: not the list of nodes`);
    return parsed.data.nodes.sort((a, b) => a.id - b.id);
  } finally {
    await session.close();
  }
}

/** `boxer nodes [--json]`: prints the nodes and resolves to the exit code. Errors as `queryNodes`. */
export async function listNodes(options: NodesOptions & { readonly json: boolean }): Promise<number> {
  const nodes = await queryNodes(options);
  process.stdout.write(options.json ? `${JSON.stringify(nodes)}\n` : nodesTable(nodes, Date.now()));
  return 0;
}
