import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Introduction } from '../membership/join.ts';
import { dialUnread } from '../network/dial.ts';
import { readListeners } from '../network/listeners.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import { BoxerError } from '../published/boxer-error.ts';

const LISTENING = '0A';

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // No IPv6 in this kernel.
  }
}

/** Inodes of the sockets that listen on `port`, in a `/proc/net/tcp` or `tcp6`. */
export function listeningInodes(text: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && local?.endsWith(suffix) && inode ? [inode] : [];
  });
}

/** The sockets of this process. */
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

/** Whether a listener there may be another program's: what this process has opened itself is for others, or leads to the function. */
function isForeign(port: number): boolean {
  const own = ownInodes();
  return ['tcp', 'tcp6'].some((table) =>
    listeningInodes(read(`/proc/self/net/${table}`), port).some((inode) => !own.has(inode)),
  );
}

/**
 * Brings a connection that the function has refused to a program which shares the phantom's network (`network_mode: "service:..."`), where the
 * kernel would have brought it. Rejects with `code` ECONNREFUSED where there is none.
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
