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
 * Gives every remapped path a real one that starts with what the image has there: directories with their files, single files, or
 * an empty directory where the image has nothing. What this user may not read is left out, and told to `say` in one line for each path.
 * Rejects with the system's error, ENOSPC above all.
 */
export async function prepareRemaps(
  remap: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<void> {
  for (const [visible, real] of Object.entries(remap)) {
    if (await exists(real)) continue;
    await mkdir(dirname(real), { recursive: true });
    if (!(await exists(visible))) {
      await mkdir(real, { recursive: true });
      continue;
    }
    const leftOut: LeftOutPaths = { names: [], count: 0 };
    await copyReadable(visible, real, (path, reason) => {
      leftOut.count += 1;
      if (leftOut.names.length < TOLD) leftOut.names.push(`${path} (${reason})`);
    });
    if (leftOut.count > 0) say(describeLeftOut(visible, leftOut));
  }
}
