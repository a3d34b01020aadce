import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Member } from '../protocol/membership.ts';

/** The folder of the files that replace those in /etc, which a function cannot change. */
const PLACE = '/tmp/.boxer/network';

/** What the network files of a node contain. */
export interface NetworkIdentity {
  /** The result of gethostname(); '': the host name of the platform. */
  readonly hostname: string;
  /** Overlay address. */
  readonly address: string;
  /** Names that belong to this node and to no other. */
  readonly names: readonly string[];
  /**
   * The address of the node's own name server, which knows the names of the overlay and forwards all other
   * queries to the platform's. Undefined: guests use the platform's name server.
   */
  readonly nameserver?: string | undefined;
}

/**
 * The names of node `id` that no other node has. The name of a service with several replicas is not one of
 * them.
 */
export function ownNames(members: ReadonlyMap<number, Pick<Member, 'names'>>, id: number): string[] {
  const others = new Set([...members].flatMap(([other, { names }]) => (other === id ? [] : names)));
  return (members.get(id)?.names ?? []).filter((name) => !others.has(name));
}

/** The content of `/etc/hosts` as Docker writes it, with the overlay address as that of the node. */
export function hostsFile({ hostname, address, names }: NetworkIdentity): string {
  const own = [...new Set([hostname, ...names].filter((name) => name !== ''))];
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...(own.length > 0 ? [`${address}\t${own.join(' ')}`] : []),
    '',
  ].join('\n');
}

/**
 * The platform's `/etc/resolv.conf` without its search list: the resolver would append the platform's domains
 * to names of the project. `ndots:0` is set as on Docker's networks: a name without dots is first looked up
 * unchanged.
 */
export function resolverFile(platform: string, nameserver?: string): string {
  const kept = platform.split('\n').filter((line) => /^\s*(nameserver|sortlist)\s/.test(line));
  const lines = nameserver
    ? [`nameserver ${nameserver}`, ...kept.filter((line) => !/nameserver/.test(line))]
    : kept;
  const options = platform
    .split('\n')
    .flatMap((line) => /^\s*options\s+(.*)$/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
    .filter((option) => !option.startsWith('ndots:'));
  return `${[...lines, `options ${[...options, 'ndots:0'].join(' ')}`].join('\n')}\n`;
}

/** The files that show the host name of the node instead of the platform's, which the kernel has. */
function nameFiles(hostname: string): Record<string, string> {
  return { '/etc/hostname': `${hostname}\n`, '/proc/sys/kernel/hostname': `${hostname}\n` };
}

/**
 * Writes the files that tell programs about their network. Resolves to the remaps that show them at their
 * usual paths. Programs that read these files themselves (Erlang, c-ares, Java) then get the same answers as
 * programs that call getaddrinfo().
 */
export async function placeNetworkFiles(
  identity: NetworkIdentity,
  place = PLACE,
  platform = '/etc/resolv.conf',
): Promise<Record<string, string>> {
  const resolver = await readFile(platform, 'utf8').catch(() => '');
  const files = {
    '/etc/hosts': hostsFile(identity),
    ...(identity.hostname ? nameFiles(identity.hostname) : {}),
    ...(resolver ? { '/etc/resolv.conf': resolverFile(resolver, identity.nameserver) } : {}),
  };
  await mkdir(place, { recursive: true });
  const remaps: Record<string, string> = {};
  for (const [visible, text] of Object.entries(files)) {
    const real = join(place, visible.slice(1).replaceAll('/', '-'));
    await writeFile(real, text);
    // The files are read-only, as in a function's root: libc's resolver would not see a line that a guest
    // adds, so the attempt to write has to fail.
    await chmod(real, 0o444);
    remaps[visible] = real;
  }
  return remaps;
}
