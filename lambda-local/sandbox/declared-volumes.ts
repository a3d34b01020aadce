import { posix } from 'node:path';
import { runCommand } from '../base/run-command.ts';

/** VOLUMEs of an image, as a sandbox deals with them: Lambda ignores them and shows what the image has there. */
export interface DeclaredVolumes {
  /** Covered by empty memory, so that the Engine fills no volume, and uncovered before the entrypoint runs. */
  readonly covered: readonly string[];
  /** Filled by the Engine, which mounts files of its own in there that must stay, and made read-only. */
  readonly readOnly: readonly string[];
}

/** Where the Engine mounts `resolv.conf` and its kin. */
const SHARED_WITH_ENGINE = '/etc';
/** Lambda's own: no image shows anything there. */
const TMP = '/tmp';

/** Sorts the paths that an image declares, in whatever spelling; those of `taken` have a mount already. */
export function declaredVolumes(declared: readonly string[], taken: readonly string[]): DeclaredVolumes {
  const paths = [...new Set(declared.map((path) => posix.resolve('/', path)))];
  const free = paths.filter((path) => path !== TMP && !taken.includes(path));
  return {
    covered: free.filter((path) => path !== SHARED_WITH_ENGINE),
    readOnly: free.filter((path) => path === SHARED_WITH_ENGINE),
  };
}

/**
 * Shows process `pid` what its image has at its VOLUMEs. `program` is a busybox that the process's mount namespace
 * has. Of a VOLUME below /tmp no folder is left.
 */
export async function showImageAtVolumes(
  pid: number,
  volumes: DeclaredVolumes,
  program: string,
): Promise<void> {
  const script = uncovering(volumes, program);
  if (script === '') return;
  await runCommand(['nsenter', `--mount=/proc/${pid}/ns/mnt`, program, 'sh', '-ec', script]);
}

function uncovering({ covered, readOnly }: DeclaredVolumes, program: string): string {
  // Deepest first: a mount whose parent has gone cannot be named any more.
  const inner = covered.toSorted((a, b) => b.length - a.length);
  const own = inner.filter((path) => path.startsWith(`${TMP}/`));
  const lines = [
    ...readOnly.map((path) => `${program} mount -o remount,bind,ro none ${quoted(path)}`),
    ...own.map((path) => `${program} umount -l ${quoted(path)}`),
    // Two may share a parent, which then goes with the second.
    ...own.map((path) => `cd ${TMP}; ${program} rmdir -p ${quoted(posix.relative(TMP, path))} 2>&- || :`),
  ];
  // By one process and at the end: what is mounted below goes as well, and that may be the program.
  const others = inner.filter((path) => !own.includes(path));
  if (others.length > 0) lines.push(`${program} umount -l ${others.map(quoted).join(' ')}`);
  return lines.join('\n');
}

const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
