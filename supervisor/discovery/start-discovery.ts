import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Directory } from './directory.ts';
import { serveDns } from './dns/serve-dns.ts';
import { serversOf } from './dns/upstream.ts';
import { serveMembership } from './membership-socket.ts';
import { writeStaticFiles } from './static-files.ts';

/** What guests may use to find each other, beside the names that their libc resolves. */
export interface Discovery {
  /** For the guest: /etc/boxer. */
  readonly remap: Readonly<Record<string, string>>;
  /** Of the node's own DNS; undefined where this user may not have port 53. */
  readonly nameserver: string | undefined;
  close(): Promise<void>;
}

const VISIBLE = '/etc/boxer';
const PLACE = '/tmp/.boxer/discovery';
/** A loopback address of our own: nobody else's port 53 is in the way. */
const DNS_ADDRESS = '127.66.79.53';

/**
 * Writes /etc/boxer for a guest that is about to start and serves membership and DNS until closed. What cannot be had here,
 * for want of a writable /tmp or of a privilege, is left out and told to `say`: the guest itself needs none of it.
 */
export async function startDiscovery(
  directory: Directory,
  say: (line: string) => void,
  place = PLACE,
): Promise<Discovery> {
  const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
  const missing = (what: string) => (error: unknown) => void say(`${what} is not there: ${reason(error)}`);
  const [socket, dns] = await Promise.all([
    writeStaticFiles(directory, place)
      .then(() => serveMembership(directory, join(place, 'membership.sock')))
      .catch(missing(VISIBLE)),
    serversOf('/etc/resolv.conf')
      .then((upstream) => serveDns({ directory, upstream, address: DNS_ADDRESS }))
      .catch(missing(`DNS at ${DNS_ADDRESS}`)),
  ]);
  return {
    remap: socket ? { [VISIBLE]: place } : {},
    nameserver: dns?.address,
    async close() {
      socket?.close();
      dns?.close();
      await rm(place, { recursive: true, force: true });
    },
  };
}
