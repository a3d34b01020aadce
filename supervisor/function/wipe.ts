import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes every directory below `path` writable: entries of a read-only directory cannot be removed. */
async function open(path: string): Promise<void> {
  await chmod(path, 0o700).catch(() => undefined);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await open(join(path, entry.name));
}

async function remove(path: string): Promise<void> {
  const gone = () => rm(path, { recursive: true, force: true });
  await gone()
    .catch(() => open(path).then(gone))
    .catch(() => undefined);
}

/**
 * Empties a directory, and leaves what cannot be removed. A warm environment must not show one launch's files
 * to the next launch.
 */
export async function wipeDirectory(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  await Promise.all(names.map((name) => remove(join(path, name))));
}
