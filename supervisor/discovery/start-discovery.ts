import { readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../published/message-of.ts';
import type { Directory } from './directory.ts';
import { serveDns } from './dns/serve-dns.ts';
import { serversOf } from './dns/upstream.ts';
import { serveMembership } from './membership-socket.ts';
import { writeStaticFiles } from './static-files.ts';

/** What guests may use to find each other, beside the names that their libc resolves. */
export interface Discovery {
  /** For the guest, where /etc/boxer is nowhere but in its eyes. */
  readonly remap: Readonly<Record<string, string>>;
  /** Of the node's own DNS; undefined where this user may not have port 53. */
  readonly nameserver: string | undefined;
  close(): Promise<void>;
}

const VISIBLE = '/etc/boxer';
const PLACE = '/tmp/.boxer/discovery';
/** A loopback address of our own: nobody else's port 53 is in the way. */
const DNS_ADDRESS = '127.66.79.53';

/** Whether the files could be put where they are seen, for all programs and without a cost: root in a container can. */
async function isLinked(place: string): Promise<boolean> {
  const link = () => readlink(VISIBLE).then((target) => target === place);
  return symlink(place, VISIBLE)
    .then(() => true, link)
    .catch(() => false);
}

/**
 * Writes /etc/boxer for a guest that is about to start and serves membership and DNS until closed. What cannot be had here, for
 * want of a writable /tmp (told to `say`) or of port 53, is left out: guests that do not use it need none of it.
 */
export async function startDiscovery(
  directory: Directory,
  say: (line: string) => void,
  place = PLACE,
): Promise<Discovery> {
  const withoutFiles = (error: unknown) => void say(`${VISIBLE} is not there: ${messageOf(error)}`);
  const [socket, dns] = await Promise.all([
    writeStaticFiles(directory, place)
      .then(() => serveMembership(directory, join(place, 'membership.sock')))
      .catch(withoutFiles),
    serversOf('/etc/resolv.conf')
      .then((upstream) => serveDns({ directory, upstream, address: DNS_ADDRESS }))
      .catch(() => undefined),
  ]);
  return {
    remap: socket && !(await isLinked(place)) ? { [VISIBLE]: place } : {},
    nameserver: dns?.address,
    async close() {
      socket?.close();
      dns?.close();
      await rm(place, { recursive: true, force: true });
    },
  };
}
