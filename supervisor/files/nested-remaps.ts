import { lstat, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

/**
 * Makes what is remapped below another remapped directory (a secret below /run) findable from there: whoever lists the directory, or
 * goes there and opens the name alone, is led on by a symbolic link. What is there already stays.
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
    // A directory that came with its own mode may be closed to us: then its inhabitants are found by their whole path alone.
    if (!taken)
      await mkdir(dirname(at), { recursive: true })
        .then(() => symlink(real, at))
        .catch(() => undefined);
  }
}
