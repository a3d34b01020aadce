import { readFileSync } from 'node:fs';
import type { Endpoint } from '../control/endpoint.ts';

/** Connections from ports that guests have bound: the kernel sees other far ends than the guests, and cannot tell two from one. */
export interface BoundConnections {
  /** Whether there is a connection from `port` to `peer` already, perhaps one that has just ended (TIME_WAIT). */
  has(port: number, peer: Endpoint): boolean;
  /** A guest that has bound `port` connects to `there`, and means `peer`. */
  add(port: number, peer: Endpoint, there: Endpoint): void;
}

const MAX_REMEMBERED = 4096;

/** Far ends of the connections from a local port in a `/proc/net/tcp` or `tcp6`, as `address:port`; IPv6 ones are left out. */
export function farEnds(text: string, localPort: number): string[] {
  const suffix = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const [, local, remote = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = remote.split(':');
    const isMapped = address.length === 32 && address.startsWith('0000000000000000FFFF0000');
    if (!local?.endsWith(suffix) || (address.length !== 8 && !isMapped)) return [];
    // Host (little endian) order.
    const octets = [6, 4, 2, 0].map((at) => Number.parseInt(address.slice(-8).slice(at, at + 2), 16));
    return [`${octets.join('.')}:${Number.parseInt(port, 16)}`];
  });
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // No IPv6 in this kernel.
  }
}

const textOf = ({ address, port }: Endpoint) => `${address}:${port}`;

export function createBoundConnections(): BoundConnections {
  const known = new Map<string, string>();
  const keyOf = (port: number, peer: Endpoint) => `${port} ${textOf(peer)}`;
  return {
    has(port, peer) {
      const there = known.get(keyOf(port, peer));
      if (there === undefined) return false;
      return ['tcp', 'tcp6'].some((table) =>
        farEnds(readTable(`/proc/self/net/${table}`), port).includes(there),
      );
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
