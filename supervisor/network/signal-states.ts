import { readFileSync } from 'node:fs';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';

/**
 * Where a signal connection is in the kernel: `queued` for accept(); `deferred`, kept from the queue until it carries data
 * (TCP_DEFER_ACCEPT); `accepted`, so that some process has its descriptor.
 */
export type SignalState = 'queued' | 'deferred' | 'accepted';

const SYN_RECEIVED = '03';
/** A socket gets its inode when accept() gives it a file. */
const NO_INODE = '0';
/** `/proc/net/tcp` prints an address in host (little endian) order. */
const SOURCE_HEX = SIGNAL_SOURCE.split('.')
  .reverse()
  .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
  .join('');

/** The listeners' ends of signal connections in `/proc/net/tcp` or `tcp6`, by the port of our end. */
export function parseSignalStates(text: string): Map<number, SignalState> {
  const states = new Map<number, SignalState>();
  for (const line of text.split('\n')) {
    if (!line.includes(SOURCE_HEX)) continue;
    const [, , remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = remote?.split(':') ?? [];
    if (!address?.endsWith(SOURCE_HEX) || port === undefined || inode === undefined) continue;
    const found = state === SYN_RECEIVED ? 'deferred' : inode === NO_INODE ? 'queued' : 'accepted';
    states.set(Number.parseInt(port, 16), found);
  }
  return states;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // No IPv6 in this kernel.
  }
}

/** All signal connections of this network namespace; the kernel walks its whole table for it: milliseconds. */
export function readSignalStates(): Map<number, SignalState> {
  return parseSignalStates(`${readTable('/proc/self/net/tcp')}\n${readTable('/proc/self/net/tcp6')}`);
}
