import { backoff } from '../../control/backoff.ts';
import { codeOf } from '../../control/control-error.ts';
import { dialControl } from '../../control/dial.ts';
import { formatIdentity, newNonce, pskOf } from '../../control/psk.ts';
import type { Session } from '../../control/session.ts';
import { NodeChanged, Nodes, Watch } from '../../protocol/admin.ts';
import { BoxerError } from '../../published/boxer-error.ts';
import type { NodeEvent, NodeStatus } from '../../published/node-config.ts';
import { nodesTable } from './nodes-table.ts';

export interface NodesOptions {
  /** The port of the seed's control listener, in this container. */
  readonly port: number;
  readonly projectKey: Buffer;
  readonly signal?: AbortSignal | undefined;
}

/** How long a seed may take to start, ms. It may have to wait for its store. */
const STARTING = 30_000;

/**
 * Opens an administrator's session with the seed of this container. Rejects with ControlError if there is no
 * seed or it has another key.
 */
function dialSeed({ port, projectKey, signal }: NodesOptions): Promise<Session> {
  const identity = formatIdentity({ kind: 'admin', nonce: newNonce() });
  return dialControl({ host: '127.0.0.1', port, identity, key: pskOf(projectKey, identity), signal });
}

/** Like `dialSeed`, but waits up to `STARTING` for a seed that does not listen yet. */
async function dialStartingSeed(options: NodesOptions): Promise<Session> {
  const until = performance.now() + STARTING;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await dialSeed(options);
    } catch (error) {
      if (codeOf(error) !== 'ECONNREFUSED' || performance.now() > until) throw error;
    }
    await backoff(attempt, options.signal);
  }
}

/**
 * Resolves to all nodes that the seed of this container knows, with the pairs that they have used if `pairs`
 * is set. Rejects with the errors of `dialSeed`.
 */
export async function queryNodes(options: NodesOptions, pairs = false): Promise<NodeStatus[]> {
  const { port, signal } = options;
  const session = await dialSeed(options);
  try {
    const { nodes } = await session.request(Nodes, { pairs }, { signal }).catch((error: unknown) => {
      if (codeOf(error) !== 'EINVAL') throw error;
      throw new BoxerError('EPROTO', `seed on port ${port}: not the list of nodes`, { cause: error });
    });
    return nodes.sort((a, b) => a.id - b.id);
  } finally {
    await session.close();
  }
}

/**
 * Calls `tell` for each node that the seed knows (as an event `up` or `starting`), then for each change,
 * until the seed ends or `signal` aborts. Rejects with the errors of `queryNodes`.
 */
export async function followNodes(options: NodesOptions, tell: (event: NodeEvent) => void): Promise<void> {
  const session = await dialStartingSeed(options);
  const stop = () => void session.close();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const snapshot = session.request(Watch, {}).then(({ nodes }) => {
      for (const node of nodes) tell({ time: node.since, event: node.state, node });
    });
    session.onNotification(NodeChanged, (event) => {
      // The event may have arrived together with the snapshot.
      void snapshot.then(() => tell(event));
    });
    await snapshot;
    await session.closed;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await session.close();
  }
}

/**
 * `boxer nodes --watch`: prints a line of JSON for each event of `followNodes`, and resolves to the exit
 * code.
 */
export async function streamNodes(options: NodesOptions): Promise<number> {
  const unread = new AbortController();
  process.stdout.once('error', () => unread.abort());
  await followNodes({ ...options, signal: unread.signal }, (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  });
  return 0;
}

/**
 * `boxer nodes [--json [--pairs]]`: prints the nodes and resolves to the exit code. Rejects with the errors
 * of `queryNodes`.
 */
export async function listNodes(
  options: NodesOptions & { readonly json: boolean; readonly pairs: boolean },
): Promise<number> {
  const nodes = await queryNodes(options, options.pairs);
  process.stdout.write(options.json ? `${JSON.stringify(nodes)}\n` : nodesTable(nodes, Date.now()));
  return 0;
}
