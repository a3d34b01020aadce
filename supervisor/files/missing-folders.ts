import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoNameOf } from '../service/errno.ts';
import { remappedPath } from './remapped-path.ts';
import { PLACE } from './travelling-files.ts';

/** One that our user may not look for is there: an empty folder in its place would hide it. */
const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: unknown) => errnoNameOf(error) !== 'ENOENT',
  );

/** The outermost folder on the way to `path` that the image does not have. */
async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await exists(parent)) ? path : firstMissing(parent);
}

/**
 * Makes folders that the engine makes in a container and the image does not have: the working directory, and what leads to a
 * mount. Resolves to the remaps that show them, with the files that stand in them already. `remap` is what is shown otherwise.
 */
export async function makeMissingFolders(
  folders: readonly string[],
  remap: Readonly<Record<string, string>>,
  place = PLACE,
): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const folder of folders) {
    const real = remappedPath(folder, { ...made, ...remap });
    if (await exists(real)) continue;
    if (real === folder) {
      const missing = await firstMissing(folder);
      made[missing] = join(place, missing);
      await mkdir(join(place, folder), { recursive: true });
    } else await mkdir(real, { recursive: true });
  }
  return made;
}
