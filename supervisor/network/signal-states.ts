import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import { hexOf, NO_INODE, readTcpTable, type TcpRow, TcpState, tcpRows } from './tcp-table.ts';

/**
 * The state of a signal connection in the kernel. `queued`: it waits for accept(). `deferred`: the kernel
 * keeps it from the queue until it carries data (TCP_DEFER_ACCEPT). `accepted`: some process has its
 * descriptor. `lost`: it is established only at the supervisor's end. The kernel drops the last packet of a
 * handshake if the accept queue is full. If the kernel had answered with a SYN cookie, it then knows nothing
 * of the connection until the first data arrives, and a signal connection carries no data.
 */
export type SignalState = 'queued' | 'deferred' | 'accepted' | 'lost';

const SOURCE_HEX = hexOf(SIGNAL_SOURCE);

const mayMatter = (line: string) => line.includes(SOURCE_HEX) || line.includes(` ${TcpState.listening} `);

/**
 * Returns the signal connections in the text of `/proc/net/tcp` and `tcp6`, by the local port of the
 * supervisor's end.
 */
export function parseSignalStates(text: string): Map<number, SignalState> {
  const states = new Map<number, SignalState>();
  const ours: number[] = [];
  /** The ports of listeners whose accept queue is not empty. */
  const busy = new Set<number>();
  const early: TcpRow[] = [];
  for (const row of tcpRows(text, mayMatter)) {
    const { local, remote, state, unread, inode } = row;
    if (state === TcpState.listening) {
      if (unread > 0) busy.add(local.port);
    } else if (local.hex === SOURCE_HEX) {
      if (state === TcpState.established) ours.push(local.port);
    } else if (remote.hex.endsWith(SOURCE_HEX)) {
      if (state === TcpState.synReceived) early.push(row);
      else states.set(remote.port, inode === NO_INODE ? 'queued' : 'accepted');
    }
  }
  // The kernel repeats a handshake that finds no room in the queue. Until then such a connection looks like a
  // deferred one.
  for (const { local, remote } of early)
    states.set(remote.port, busy.has(local.port) ? 'queued' : 'deferred');
  for (const port of ours) if (!states.has(port)) states.set(port, 'lost');
  return states;
}

/**
 * Returns all signal connections of this network namespace. This takes milliseconds, as the kernel walks over
 * its whole table.
 */
export function readSignalStates(): Map<number, SignalState> {
  return parseSignalStates(`${readTcpTable(4)}\n${readTcpTable(6)}`);
}
