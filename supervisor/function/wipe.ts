import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Empties a directory; what cannot be removed is left. A warm environment must not show one launch's files to the next. */
export async function wipeDirectory(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  await Promise.all(
    names.map((name) => rm(join(path, name), { recursive: true, force: true }).catch(() => undefined)),
  );
}
