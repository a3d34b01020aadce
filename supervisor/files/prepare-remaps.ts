import { cp, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoNameOf } from '../service/errno.ts';

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** What this user may not read is left out: the guest could not have read it either. So is what `isOwn` says stands elsewhere. */
async function copyReadable(from: string, to: string, isOwn: (path: string) => boolean): Promise<void> {
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, force: false };
  try {
    await cp(from, to, { ...options, filter: (path) => path === from || !isOwn(path) });
  } catch (error) {
    const errno = errnoNameOf(error);
    if (errno !== 'EACCES' && errno !== 'EPERM') throw error;
  }
}

/**
 * Gives every remapped path a real one that starts with what the image has there: directories with their files, single
 * files, or an empty directory where the image has nothing. A path inside another has a copy of its own; one that is
 * its own real path only has to be there. Rejects with the system's error, ENOSPC above all.
 */
export async function prepareRemaps(remap: Readonly<Record<string, string>>): Promise<void> {
  const isOwn = (path: string) => remap[path] !== undefined;
  // Outer ones first: the place of an inner one may be in theirs.
  for (const visible of Object.keys(remap).sort()) {
    const real = remap[visible] ?? visible;
    if (await exists(real)) continue;
    await mkdir(dirname(real), { recursive: true });
    if (await exists(visible)) await copyReadable(visible, real, isOwn);
    else await mkdir(real, { recursive: true });
  }
}
