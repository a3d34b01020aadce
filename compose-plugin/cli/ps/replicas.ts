import type { NodeStatus } from '../../../supervisor/published/node-config.ts';
import { type Container, inspectContainers } from '../../engine/containers.ts';
import { containerIds } from '../../engine/ids.ts';
import { nodesOf } from '../../project/nodes/nodes-of.ts';
import { readNodes } from '../../project/nodes/read-nodes.ts';
import type { Context } from '../context.ts';

/** One line of `docker boxer ps`. */
export interface Replica {
  name: string;
  service: string;
  /** `lambda`, `container`, `-` for an unboxed service. */
  target: string;
  node: string | null;
  address: string | null;
  requestId: string | null;
  /** seconds; undefined: the replica does not run */
  uptime: number | undefined;
  /**
   * The status in the words of `docker ps`: `running`, `running (healthy)`, `exited (1)`; `starting` until
   * the function is up. During a renewal the replica's other node follows: `running, node-8 standby`, then
   * `running, node-7 draining`.
   */
  status: string;
  id: string;
}

/** Compares names so that numbers sort by value: replica 2 before replica 10. */
export const byName = new Intl.Collator('en', { numeric: true });

/** Every replica of the project, without those of Boxer's services. */
export async function collectReplicas(
  context: Context,
  project: string,
  services: readonly string[],
  all: boolean,
): Promise<Replica[]> {
  return (await collectNodes(context, project, services, all, false)).replicas;
}

/** Every replica of the project, and the nodes of all replicas; with `pairs`, also how the nodes connect. */
export async function collectNodes(
  context: Context,
  project: string,
  services: readonly string[],
  all: boolean,
  pairs: boolean,
): Promise<{ replicas: Replica[]; nodes: NodeStatus[] }> {
  const { engine } = context;
  const filters = [
    `label=com.docker.compose.project=${project}`,
    ...(all ? [] : ['status=running', 'status=restarting', 'status=paused']),
  ];
  const inspected = async () => inspectContainers(engine, await containerIds(engine, ...filters));
  // The seed needs longer for its answer than the engine for all of its own.
  const known = async () => {
    const [seed] = await containerIds(engine, ...filters, 'label=io.boxer.role=seed');
    return readNodes(context, seed, pairs);
  };
  const [containers, nodes] = await Promise.all([inspected(), known()]);
  const label = (of: Container, key: string) => of.Config.Labels[`com.docker.compose.${key}`] ?? '';
  const replicas = containers
    .filter((one) => one.Config.Labels['io.boxer.role'] === undefined)
    .filter((one) => services.length === 0 || services.includes(label(one, 'service')))
    .map((one) => replica(one, label(one, 'service'), nodes))
    .sort((a, b) => byName.compare(a.name, b.name));
  return { replicas, nodes };
}

function replica(container: Container, service: string, nodes: readonly NodeStatus[]): Replica {
  const { Id: id, State: state } = container;
  const [node, ...others] = nodesOf(nodes, id);
  const since = node?.since ?? Date.parse(state.StartedAt);
  const runs = state.Status === 'running';
  return {
    name: container.Name.replace(/^\//, ''),
    service,
    target: container.Config.Labels['io.boxer.target'] ?? '-',
    node: node === undefined ? null : `node-${node.id}`,
    address: node?.address ?? null,
    requestId: node?.requestId ?? null,
    uptime: runs ? Math.max(0, Math.floor((Date.now() - since) / 1000)) : undefined,
    status: [status(state, node), ...others.map(({ id, state }) => `node-${id} ${state}`)].join(', '),
    id,
  };
}

function status(state: Container['State'], node: NodeStatus | undefined): string {
  if (state.Status === 'exited') return `exited (${state.ExitCode})`;
  if (state.Status !== 'running') return state.Status;
  if (node?.state === 'starting' || node?.state === 'standby') return 'starting';
  return state.Health === undefined || state.Health === null ? 'running' : `running (${state.Health.Status})`;
}
