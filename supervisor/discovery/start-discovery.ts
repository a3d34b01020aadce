import { readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../published/message-of.ts';
import type { Directory } from './directory.ts';
import { serveDns } from './dns/serve-dns.ts';
import { serversOf } from './dns/upstream.ts';
import { serveMembership } from './membership-socket.ts';
import { writeStaticFiles } from './static-files.ts';

/** The means by which guests find each other, besides the names that libc resolves. */
export interface Discovery {
  /**
   * The path remapping that makes /etc/boxer visible to the guest; {} if the link /etc/boxer exists, or if
   * there are no files.
   */
  readonly remap: Readonly<Record<string, string>>;
  /** The address of the node's own DNS server; undefined if this user may not use port 53. */
  readonly nameserver: string | undefined;
  close(): Promise<void>;
}

const VISIBLE = '/etc/boxer';
const PLACE = '/tmp/.boxer/discovery';
/** A loopback address that only Boxer uses, so that its port 53 is free. */
const DNS_ADDRESS = '127.66.79.53';

/**
 * Links /etc/boxer to `place`, so that all programs see the files without remapping. Resolves to whether the
 * link exists afterwards; creating it takes root in a container.
 */
async function isLinked(place: string): Promise<boolean> {
  const link = () => readlink(VISIBLE).then((target) => target === place);
  return symlink(place, VISIBLE)
    .then(() => true, link)
    .catch(() => false);
}

/**
 * Writes /etc/boxer for a guest that is about to start, and serves membership and DNS until closed. Parts
 * that are not possible are left out, as most guests do not use them: all files if /tmp is not writable
 * (reported to `say`), DNS if port 53 is not available.
 */
export async function startDiscovery(
  directory: Directory,
  say: (line: string) => void,
  place = PLACE,
): Promise<Discovery> {
  const withoutFiles = (error: unknown) => void say(`${VISIBLE} is not available: ${messageOf(error)}`);
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
