import type { Endpoint } from '../control/endpoint.ts';
import { ipv4Of, portSuffix, readTcpTable, tcpRows } from './tcp-table.ts';

/**
 * Connections from ports that guests have bound. The kernel sees other far ends than the guests do, so it
 * cannot tell that two connections of a guest have the same ends.
 */
export interface BoundConnections {
  /** Whether a connection from `port` to `peer` exists already, or has just ended (TIME_WAIT). */
  has(port: number, peer: Endpoint): boolean;
  /** Notes that a guest that has bound `port` connects to `there`, which stands for `peer`. */
  add(port: number, peer: Endpoint, there: Endpoint): void;
}

const MAX_REMEMBERED = 4096;

/**
 * Returns the far ends of the connections from a local port in a `/proc/net/tcp` or `tcp6`, as
 * `address:port`; IPv6 addresses are left out.
 */
export function farEnds(text: string, localPort: number): string[] {
  const ends: string[] = [];
  const suffix = portSuffix(localPort);
  for (const { local, remote } of tcpRows(text, (line) => line.includes(suffix))) {
    const address = ipv4Of(remote.hex);
    if (local.port === localPort && address !== undefined) ends.push(`${address}:${remote.port}`);
  }
  return ends;
}

const textOf = ({ address, port }: Endpoint) => `${address}:${port}`;

export function createBoundConnections(): BoundConnections {
  const known = new Map<string, string>();
  const keyOf = (port: number, peer: Endpoint) => `${port} ${textOf(peer)}`;
  return {
    has(port, peer) {
      const there = known.get(keyOf(port, peer));
      if (there === undefined) return false;
      return ([4, 6] as const).some((family) => farEnds(readTcpTable(family), port).includes(there));
    },
    add(port, peer, there) {
      const key = keyOf(port, peer);
      known.delete(key);
      known.set(key, textOf(there));
      const oldest = known.keys().next();
      if (known.size > MAX_REMEMBERED && !oldest.done) known.delete(oldest.value);
    },
  };
}
