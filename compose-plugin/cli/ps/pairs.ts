import type { NodeStatus } from '../../../supervisor/published/node-config.ts';
import { table } from '../../report/table.ts';
import type { Replica } from './replicas.ts';

/** One line of `docker boxer ps --network`: how connections from one node to another have been made. */
export interface Pair {
  readonly from: string;
  /** A replica's name, or the overlay address of a host that is no node. */
  readonly to: string;
  readonly transport: string;
  readonly why: string;
  readonly connections: number;
  /** ms; null: not measured. */
  readonly rtt: number | null;
}

/** The pairs of all nodes, in the order of the replicas. */
export function pairsOf(replicas: readonly Replica[], nodes: readonly NodeStatus[]): Pair[] {
  const nameOf = new Map(replicas.map(({ address, name }) => [address, name]));
  return replicas.flatMap((replica) => {
    const node = nodes.find(({ address }) => address === replica.address);
    return (node?.pairs ?? []).map(({ to, transport, why, connections, rtt }) => ({
      from: replica.name,
      to: nameOf.get(to) ?? to,
      transport,
      why,
      connections,
      rtt: rtt === undefined ? null : Math.round(rtt * 1000) / 1000,
    }));
  });
}

export function pairsTable(pairs: readonly Pair[]): string {
  const rows = pairs.map(({ from, to, transport, why, connections, rtt }) => [
    ...[from, to, transport, why, String(connections)],
    rtt === null ? '-' : `${rtt.toFixed(rtt < 10 ? 2 : 1)} ms`,
  ]);
  return table([['FROM', 'TO', 'TRANSPORT', 'WHY', 'CONNECTIONS', 'RTT'], ...rows]);
}
