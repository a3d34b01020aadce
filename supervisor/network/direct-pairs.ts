import type { Member } from '../membership/join.ts';
import type { PairStatus } from '../published/node-config.ts';
import { ipv4Of, readTcpTable, TcpState, tcpRows } from './tcp-table.ts';

/**
 * Returns the remote ends of the established connections in the text of `/proc/net/tcp` or `tcp6`, as
 * `address:port`. IPv6 connections are left out.
 */
export function establishedTo(text: string): string[] {
  const ends: string[] = [];
  for (const { remote, state } of tcpRows(text)) {
    const address = ipv4Of(remote.hex);
    if (state === TcpState.established && address !== undefined) ends.push(`${address}:${remote.port}`);
  }
  return ends;
}

/**
 * Returns the direct connections that are open now. Only the kernel's table shows them, as no supervisor
 * takes part in them.
 */
export function directPairs(members: Iterable<Member>, self: number): PairStatus[] {
  const remotes = [...establishedTo(readTcpTable(4)), ...establishedTo(readTcpTable(6))];
  return [...members].flatMap((member) => {
    if (!member.direct || member.id === self) return [];
    const served = new Set(member.ports.map((port) => `${member.underlay}:${port}`));
    const connections = remotes.filter((remote) => served.has(remote)).length;
    const why = 'no NAT in front of the other node';
    return connections === 0 ? [] : [{ to: member.address, transport: 'direct', why, connections }];
  });
}
