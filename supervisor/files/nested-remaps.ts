import { lstat, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

/**
 * Makes a path that is remapped below another remapped directory (a secret below /run) visible in that
 * directory, by a symbolic link. A program then finds it when it lists the directory, and when it opens the
 * path relative to the directory. An entry that already exists is kept.
 */
export async function linkNestedRemaps(remap: Readonly<Record<string, string>>): Promise<void> {
  const byLength = Object.keys(remap).sort((a, b) => b.length - a.length);
  for (const visible of byLength.toReversed()) {
    const outer = byLength.find((other) => visible.startsWith(`${other}/`));
    const real = remap[visible];
    if (outer === undefined || real === undefined) continue;
    const at = join(remap[outer] ?? '', posix.relative(outer, visible));
    const taken = await lstat(at).then(
      () => true,
      () => false,
    );
    // The mode of a mounted directory may not allow a link to be made. Then only the absolute path leads to
    // the remapped file.
    if (!taken)
      await mkdir(dirname(at), { recursive: true })
        .then(() => symlink(real, at))
        .catch(() => undefined);
  }
}
