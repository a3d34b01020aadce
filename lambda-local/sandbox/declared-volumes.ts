import { posix } from 'node:path';
import { runCommand } from '../base/run-command.ts';

/**
 * The VOLUMEs of an image, by what a sandbox does with them. Lambda ignores VOLUMEs: a function sees the
 * content that the image has at their paths.
 */
export interface DeclaredVolumes {
  /**
   * Covered by an empty tmpfs, so that the Engine makes no volume. It is unmounted before the entrypoint
   * runs.
   */
  readonly covered: readonly string[];
  /**
   * Left to the Engine, because the files that the Engine mounts inside them have to stay. They are made
   * read-only.
   */
  readonly readOnly: readonly string[];
}

/** The folder in which the Engine mounts files such as `resolv.conf`. */
const SHARED_WITH_ENGINE = '/etc';
/** Lambda mounts /tmp itself: files that the image has there are not visible. */
const TMP = '/tmp';

/**
 * Sorts the paths that an image declares, which need not be normalized. Paths in `taken` already have a mount
 * and are left out.
 */
export function declaredVolumes(declared: readonly string[], taken: readonly string[]): DeclaredVolumes {
  const paths = [...new Set(declared.map((path) => posix.resolve('/', path)))];
  const free = paths.filter((path) => path !== TMP && !taken.includes(path));
  return {
    covered: free.filter((path) => path !== SHARED_WITH_ENGINE),
    readOnly: free.filter((path) => path === SHARED_WITH_ENGINE),
  };
}

/**
 * Makes process `pid` see the content that its image has at its VOLUMEs. `program` is a busybox in the
 * process's mount namespace. The folder of a VOLUME below /tmp is removed.
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
  // The deepest path comes first: a mount cannot be named any more once its parent is unmounted.
  const inner = covered.toSorted((a, b) => b.length - a.length);
  const own = inner.filter((path) => path.startsWith(`${TMP}/`));
  const lines = [
    ...readOnly.map((path) => `${program} mount -o remount,bind,ro none ${quoted(path)}`),
    ...own.map((path) => `${program} umount -l ${quoted(path)}`),
    // Two VOLUMEs may share a parent folder, which is then removed with the second one.
    ...own.map((path) => `cd ${TMP}; ${program} rmdir -p ${quoted(posix.relative(TMP, path))} 2>&- || :`),
  ];
  // These are unmounted last and by a single process: lazy unmounting also detaches the mounts below, and one
  // of them may contain `program`.
  const others = inner.filter((path) => !own.includes(path));
  if (others.length > 0) lines.push(`${program} umount -l ${others.map(quoted).join(' ')}`);
  return lines.join('\n');
}

const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;
