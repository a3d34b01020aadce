import { cp, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoNameOf } from '../service/errno.ts';

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** What this user may not read is left out: the guest could not have read it either. */
async function copyReadable(from: string, to: string): Promise<void> {
  try {
    await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, force: false });
  } catch (error) {
    const errno = errnoNameOf(error);
    if (errno !== 'EACCES' && errno !== 'EPERM') throw error;
  }
}

/**
 * Gives every remapped path a real one that starts with what the image has there: directories with their files, single
 * files, or an empty directory where the image has nothing. Rejects with the system's error, ENOSPC above all.
 */
export async function prepareRemaps(remap: Readonly<Record<string, string>>): Promise<void> {
  for (const [visible, real] of Object.entries(remap)) {
    if (await exists(real)) continue;
    await mkdir(dirname(real), { recursive: true });
    if (await exists(visible)) await copyReadable(visible, real);
    else await mkdir(real, { recursive: true });
  }
}
