import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bed, Host } from './bed.ts';

/** The folder in which a place finds the tests' programs, and the folder to which it writes. */
export const PROGRAMS = '/opt/testbed/programs';
export const WORK = '/opt/testbed/work';

/** The file system of one process on a host: its own /tmp, /run and /etc/hosts, and /opt/boxer. */
export interface Place {
  readonly directory: string;
  /** The prefix of a command that runs it as process 1 of a separate container, as Docker would. */
  readonly enter: readonly string[];
}

export interface PlaceOptions {
  readonly hostname: string;
  /** Addresses by the names that resolve without Boxer. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** The content of the container's key file, in hex. */
  readonly key?: string;
}

const PROGRAM_SOURCES = fileURLToPath(new URL('../programs', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../../build/testbed', import.meta.url));

/**
 * Makes the mounts that Docker would make for a container. $1: the place's directory; $2: the directory for
 * /opt/boxer; $3: node; $4: the host name.
 */
const PREPARE = `hostname "$4"
mount -t tmpfs tmpfs /opt
mkdir -p /opt/boxer ${PROGRAMS} /opt/testbed/compiled ${WORK}
mount --bind "$2" /opt/boxer
mount --bind "$3" /opt/boxer/bin/node
mount --bind ${PROGRAM_SOURCES} ${PROGRAMS}
mount --bind ${COMPILED} /opt/testbed/compiled
mount --bind "$1" ${WORK}
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount -t tmpfs tmpfs /run
mkdir /run/secrets
[ ! -e "$1/key" ] || mv "$1/key" /run/secrets/boxer-key
mount -t tmpfs tmpfs /tmp
cd /
shift 4
exec "$@"`;

/** Makes a place on `host`. Its files are removed with the bed. */
export async function createPlace(
  bed: Bed,
  host: Host,
  { hostname, hosts, key }: PlaceOptions,
): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'boxer-place-'));
  bed.own(() => rm(directory, { recursive: true, force: true }));
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  const lines = Object.entries({ localhost: '127.0.0.1', [hostname]: host.address, ...hosts });
  await writeFile(join(directory, 'hosts'), lines.map(([name, at]) => `${at} ${name}\n`).join(''));
  // No name server listens at this address, so queries are refused at once.
  await writeFile(join(directory, 'resolv.conf'), 'nameserver 127.0.0.1\n');
  if (key !== undefined) await writeFile(join(directory, 'key'), key, { mode: 0o600 });
  const { runtime } = bed;
  const own = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return {
    directory,
    enter: [
      ...['nsenter', `--net=${host.namespace.path}`, 'unshare', ...own],
      ...['sh', '-ec', PREPARE, 'sh', directory, runtime.directory, runtime.node, hostname],
    ],
  };
}
