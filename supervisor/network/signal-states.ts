import { readFileSync } from 'node:fs';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';

/**
 * The state of a signal connection in the kernel. `queued`: it waits for accept(). `deferred`: the kernel
 * keeps it from the queue until it carries data (TCP_DEFER_ACCEPT). `accepted`: some process has its
 * descriptor. `lost`: it is established at the supervisor's end only. The kernel drops the last packet of a
 * handshake where the accept queue is full. Where it had answered with a SYN cookie it then knows nothing of
 * the connection until the first data arrives, and a signal connection carries none.
 */
export type SignalState = 'queued' | 'deferred' | 'accepted' | 'lost';

const ESTABLISHED = '01';
const SYN_RECEIVED = '03';
const LISTENING = '0A';
/** A socket has no inode before accept() has given it a file. */
const NO_INODE = '0';
/** `/proc/net/tcp` prints an address in host order (little endian). */
const SOURCE_HEX = SIGNAL_SOURCE.split('.')
  .reverse()
  .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
  .join('');

interface Row {
  readonly local: readonly [address: string, port: number];
  readonly remote: readonly [address: string, port: number];
  readonly state: string;
  /** For a listener: the number of connections in its accept queue. */
  readonly unread: number;
  readonly inode: string;
}

function endOf(text: string): readonly [string, number] {
  const [address = '', port = ''] = text.split(':');
  return [address, Number.parseInt(port, 16)];
}

function rowOf(line: string): Row | undefined {
  const [, local, remote, state, queues, , , , , inode] = line.trim().split(/\s+/);
  if (!local || !remote || !state || !queues || !inode) return undefined;
  const unread = Number.parseInt(queues.split(':')[1] ?? '0', 16);
  return { local: endOf(local), remote: endOf(remote), state, unread, inode };
}

/**
 * The signal connections in the text of `/proc/net/tcp` and `tcp6`, by the local port of the supervisor's
 * end.
 */
export function parseSignalStates(text: string): Map<number, SignalState> {
  const states = new Map<number, SignalState>();
  const ours: number[] = [];
  /** The ports of listeners whose accept queue is not empty. */
  const busy = new Set<number>();
  const early: Row[] = [];
  for (const line of text.split('\n')) {
    if (!line.includes(SOURCE_HEX) && !line.includes(` ${LISTENING} `)) continue;
    const row = rowOf(line);
    if (!row) continue;
    const { local, remote, state, unread, inode } = row;
    if (state === LISTENING) {
      if (unread > 0) busy.add(local[1]);
    } else if (local[0] === SOURCE_HEX) {
      if (state === ESTABLISHED) ours.push(local[1]);
    } else if (remote[0].endsWith(SOURCE_HEX)) {
      if (state === SYN_RECEIVED) early.push(row);
      else states.set(remote[1], inode === NO_INODE ? 'queued' : 'accepted');
    }
  }
  // The kernel repeats a handshake that finds no room in the queue. Until then such a connection looks like a
  // deferred one.
  for (const { local, remote } of early) states.set(remote[1], busy.has(local[1]) ? 'queued' : 'deferred');
  for (const port of ours) if (!states.has(port)) states.set(port, 'lost');
  return states;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // The kernel has no IPv6.
  }
}

/**
 * All signal connections of this network namespace. This takes milliseconds, as the kernel walks over its
 * whole table.
 */
export function readSignalStates(): Map<number, SignalState> {
  return parseSignalStates(`${readTable('/proc/self/net/tcp')}\n${readTable('/proc/self/net/tcp6')}`);
}
