import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Member } from '../protocol/membership.ts';

/** Where a function's own versions stand; it cannot write to /etc. */
const PLACE = '/tmp/.boxer/network';

/** What a node's files say of it. */
export interface NetworkIdentity {
  /** What gethostname() answers. */
  readonly hostname: string;
  /** Overlay address. */
  readonly address: string;
  /** Names that stand for this node and for no other. */
  readonly names: readonly string[];
  /** Of the node's own DNS, which knows the overlay and asks the platform's for all else; undefined: the platform's. */
  readonly nameserver?: string | undefined;
}

/** The names of node `id` that no other node answers to: a service's name stands for all of its replicas. */
export function ownNames(members: ReadonlyMap<number, Pick<Member, 'names'>>, id: number): string[] {
  const others = new Set([...members].flatMap(([other, { names }]) => (other === id ? [] : names)));
  return (members.get(id)?.names ?? []).filter((name) => !others.has(name));
}

/** `/etc/hosts` as Docker writes it, with the overlay address as the node's own. */
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
 * The platform's `/etc/resolv.conf` without its search list, which would turn a name of the project into one of the
 * platform's domain; ndots:0 as on Docker's networks: a name without dots is asked for as it is.
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

/** The kernel's own name is the platform's. */
function nameFiles(hostname: string): Record<string, string> {
  return { '/etc/hostname': `${hostname}\n`, '/proc/sys/kernel/hostname': `${hostname}\n` };
}

/**
 * Writes the files that tell programs about their network; resolves to the remaps that show them in /etc. Programs that
 * read them themselves (Erlang, c-ares, Java's properties) then agree with those that call getaddrinfo().
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
    // As in the platform's root: a line that a guest adds would not reach libc's own resolver, so it had better fail.
    await chmod(real, 0o444);
    remaps[visible] = real;
  }
  return remaps;
}
