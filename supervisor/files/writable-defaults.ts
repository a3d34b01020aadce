import { cp, mkdir, readdir, realpath, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Directories in which servers expect to write. In a function the root is read-only, so they get a copy below /tmp that
 * starts with what the image has there.
 */
const DIRECTORIES = [
  '/run',
  '/var/run',
  '/var/lock',
  '/var/log',
  '/var/tmp',
  '/var/cache',
  '/var/spool',
  '/var/lib',
];

const PLACE = '/tmp/.boxer/writable';

/** What is larger stays where it is, read-only: a package database need not be copied at every start. */
const MAX_ENTRIES = 64;
const MAX_BYTES = 1024 * 1024;

/** Whether a tree is small; stops counting where it is not. Unreadable parts count as large. */
async function isSmall(path: string, budget: { entries: number; bytes: number }): Promise<boolean> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      budget.entries -= 1;
      if (budget.entries < 0) return false;
      const at = join(path, entry.name);
      if (entry.isDirectory() && !(await isSmall(at, budget))) return false;
      if (entry.isFile()) budget.bytes -= (await stat(at)).size;
      if (budget.bytes < 0) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function isSmallEntry(path: string, directory: boolean): Promise<boolean> {
  if (directory) return isSmall(path, { entries: MAX_ENTRIES, bytes: MAX_BYTES });
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Copies the small entries of a directory and links to the others. */
async function copyShallow(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const entries = await readdir(from, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      const small = !entry.isSymbolicLink() && (await isSmallEntry(source, entry.isDirectory()));
      // An unreadable file is linked: opening it fails then as it would have in its place.
      const copied =
        small &&
        (await cp(source, target, { recursive: true, verbatimSymlinks: true }).then(
          () => true,
          () => false,
        ));
      if (!copied) await symlink(source, target).catch(() => undefined);
    }),
  );
}

/** Prepares the usual writable directories; resolves to their remaps. Directories that the image lacks come to be, empty. */
export async function makeUsualPathsWritable(
  directories: readonly string[] = DIRECTORIES,
  place = PLACE,
): Promise<Record<string, string>> {
  const remaps = await Promise.all(
    directories.map(async (directory) => {
      // /var/run is a link to /run in most images: both must show the same files.
      const real = await realpath(directory).catch(() => directory);
      return [directory, real] as const;
    }),
  );
  const distinct = new Set(remaps.map(([, real]) => real));
  await Promise.all(
    [...distinct].map((real) =>
      copyShallow(real, join(place, real)).catch(() => mkdir(join(place, real), { recursive: true })),
    ),
  );
  return Object.fromEntries(remaps.map(([directory, real]) => [directory, join(place, real)]));
}
