import { readFileSync } from 'node:fs';
import type { Member } from '../membership/join.ts';
import type { PairStatus } from '../published/node-config.ts';

const ESTABLISHED = '01';

/**
 * The remote ends of the established connections in the text of `/proc/net/tcp` or `tcp6`, as `address:port`.
 * IPv6 connections are left out.
 */
export function establishedTo(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, , remote, state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = remote?.split(':') ?? [];
    const isMapped = address.length === 32 && address.startsWith('0000000000000000FFFF0000');
    if (state !== ESTABLISHED || (address.length !== 8 && !isMapped)) return [];
    const hex = address.slice(-8);
    // The address is in host order (little endian).
    const octets = [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
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

/**
 * The direct connections that are open now. Only the kernel's table shows them, as no supervisor takes part
 * in them.
 */
export function directPairs(members: Iterable<Member>, self: number): PairStatus[] {
  const remotes = ['tcp', 'tcp6'].flatMap((table) => establishedTo(readTable(`/proc/self/net/${table}`)));
  return [...members].flatMap((member) => {
    if (!member.direct || member.id === self) return [];
    const served = new Set(member.ports.map((port) => `${member.underlay}:${port}`));
    const connections = remotes.filter((remote) => served.has(remote)).length;
    const why = 'no NAT in front of the other node';
    return connections === 0 ? [] : [{ to: member.address, transport: 'direct', why, connections }];
  });
}
