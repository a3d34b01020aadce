import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDirectory, copyLink, copyOneFile } from './copy-tree.ts';

/**
 * Directories to which servers expect to write. The root of a function is read-only, so each of them is
 * copied to a folder below /tmp, with the content that it has in the image.
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

/**
 * The limits of a directory or file that is copied. A larger one (such as a package database) stays in the
 * image, read-only, so that it is not copied at every start.
 */
const MAX_ENTRIES = 64;
const MAX_BYTES = 1024 * 1024;

/** The entries of a directory; none if this user may not read it. */
async function entriesOf(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch(() => []);
}

/** Whether a tree stays within `budget`, which is used up. Stops counting when the budget is exceeded. */
async function isSmall(path: string, budget: { entries: number; bytes: number }): Promise<boolean> {
  for (const entry of await entriesOf(path)) {
    budget.entries -= 1;
    if (budget.entries < 0) return false;
    const at = join(path, entry.name);
    if (entry.isDirectory() && !(await isSmall(at, budget))) return false;
    if (entry.isFile()) budget.bytes -= (await lstat(at).catch(() => ({ size: 0 }))).size;
    if (budget.bytes < 0) return false;
  }
  return true;
}

/** Paths that this user may not read are not reported: the guest can make its own files at these paths. */
const unseen = (): void => undefined;

/**
 * Copies one entry of any kind. A file that this user may not read becomes a symbolic link to the original,
 * so opening it fails with the same error.
 */
async function copyEntry(from: string, to: string, entry: Dirent): Promise<void> {
  if (entry.isDirectory()) return copyDirectory(from, to, copyEntry, unseen);
  if (entry.isSymbolicLink()) return copyLink(from, to);
  if (entry.isFile()) return copyOneFile(from, to).catch(() => symlink(from, to));
}

/** Copies a small entry, and makes a symbolic link to a large one. */
async function copyIfSmall(from: string, to: string, entry: Dirent): Promise<void> {
  const small = entry.isDirectory()
    ? await isSmall(from, { entries: MAX_ENTRIES, bytes: MAX_BYTES })
    : (await lstat(from)).size <= MAX_BYTES;
  return small ? copyEntry(from, to, entry) : symlink(from, to);
}

/**
 * Makes writable copies of the usual directories. Resolves to their remaps. A directory that the image does
 * not have becomes an empty one.
 */
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
  await Promise.all([...distinct].map((real) => copyDirectory(real, join(place, real), copyIfSmall, unseen)));
  return Object.fromEntries(remaps.map(([directory, real]) => [directory, join(place, real)]));
}
