import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { copyReadable } from './copy-tree.ts';

/** The most paths that a line names. */
const TOLD = 5;

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The paths that a copy lacks: the names of the first ones, and the number of all. */
interface LeftOutPaths {
  readonly names: string[];
  count: number;
}

function describeLeftOut(visible: string, { names, count }: LeftOutPaths): string {
  const more = count - names.length;
  const all = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return `remap of ${visible}: not copied, as this user may not read them: ${all}`;
}

/**
 * Copies what the image has at every remapped path to the real path: a directory with its files, or a single
 * file. Where the image has nothing, the real path becomes an empty directory. A remapped path inside another
 * one is copied separately. A path that is remapped to itself is made if it is missing. Files that this user
 * may not read are left out; `say` gets one line about them for each remapped path. Rejects with the system's
 * error, such as ENOSPC.
 */
export async function prepareRemaps(
  remap: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<void> {
  const isOwn = (path: string) => remap[path] !== undefined;
  // Outer paths first: the real path of an inner one may be below that of an outer one.
  for (const visible of Object.keys(remap).sort()) {
    const real = remap[visible] ?? visible;
    if (await exists(real)) continue;
    await mkdir(dirname(real), { recursive: true });
    if (!(await exists(visible))) {
      await mkdir(real, { recursive: true });
      continue;
    }
    const leftOut: LeftOutPaths = { names: [], count: 0 };
    const note = (path: string, reason: string) => {
      leftOut.count += 1;
      if (leftOut.names.length < TOLD) leftOut.names.push(`${path} (${reason})`);
    };
    await copyReadable(visible, real, note, isOwn);
    if (leftOut.count > 0) say(describeLeftOut(visible, leftOut));
  }
}
