import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoNameOf } from '../service/errno.ts';
import { remappedPath } from './remapped-path.ts';
import { PLACE } from './travelling-files.ts';

/**
 * Whether a path exists. A path that this user may not look up counts as existing, because an empty folder at
 * the same path would hide it.
 */
const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: unknown) => errnoNameOf(error) !== 'ENOENT',
  );

/** The outermost of `path` and its parent folders that the image does not have. */
async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await exists(parent)) ? path : firstMissing(parent);
}

/**
 * Makes the folders that the engine would make in a container because the image does not have them: the
 * working directory and the parent folders of mounts. Resolves to the additional remaps that show these
 * folders, with the mounted files that they already contain. `remap` contains the other remaps of the guest.
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
