import { readdirSync, readlinkSync } from 'node:fs';
import type { Introduction } from '../membership/join.ts';
import { dialUnread } from '../network/dial.ts';
import { readListeners } from '../network/listeners.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import { portSuffix, readTcpTable, TcpState, tcpRows } from '../network/tcp-table.ts';
import { BoxerError } from '../published/boxer-error.ts';

/** Inodes of the sockets of an address family that listen on `port`. */
function listeningInodes(family: 4 | 6, port: number): string[] {
  const suffix = portSuffix(port);
  return [...tcpRows(readTcpTable(family), (line) => line.includes(suffix))]
    .filter(({ local, state }) => state === TcpState.listening && local.port === port)
    .map(({ inode }) => inode);
}

/** Inodes of the sockets of this process. */
function ownInodes(): Set<string> {
  const inodes = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // Closed meanwhile.
    }
  });
  return new Set(inodes);
}

/**
 * Whether a listener on `port` belongs to another process: ports of this process are Boxer's, or lead to the
 * function.
 */
function isForeign(port: number): boolean {
  const own = ownInodes();
  return ([4, 6] as const).some((family) => listeningInodes(family, port).some((inode) => !own.has(inode)));
}

/**
 * Brings a connection that the function has refused to a program which shares the phantom's network
 * (`network_mode: "service:..."`). Rejects with `code` ECONNREFUSED if no such program listens on the port.
 */
export async function bringToSidecar({ port, ...place }: Introduction, signal: AbortSignal): Promise<void> {
  const listener = readListeners().get(port);
  if (!listener || !isForeign(port)) throw new BoxerError('ECONNREFUSED', `nothing listens on port ${port}`);
  const near = await dialUnread({ host: listener.reach, port }, signal);
  try {
    void pipeFlow(near, await dialIn(place, signal));
  } catch (error) {
    near.resetAndDestroy();
    throw error;
  }
}
