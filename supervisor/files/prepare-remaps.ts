import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { copyReadable } from './copy-tree.ts';

/** So many paths are told by name. */
const TOLD = 5;

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** What a copy lacks: some of it by name, the rest by number. */
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
 * Gives every remapped path a real one that starts with what the image has there: directories with their files, single
 * files, or an empty directory where the image has nothing. A path inside another has a copy of its own; one that is
 * its own real path only has to be there. What this user may not read is left out, and told to `say` in one line for
 * each path. Rejects with the system's error, ENOSPC above all.
 */
export async function prepareRemaps(
  remap: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<void> {
  const isOwn = (path: string) => remap[path] !== undefined;
  // Outer ones first: the place of an inner one may be in theirs.
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
