import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDirectory, copyLink, copyOneFile } from './copy-tree.ts';

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

/** The entries of a directory; none where it may not be read: what this user cannot see, the guest can write anew. */
async function entriesOf(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch(() => []);
}

/** Whether a tree is small; stops counting where it is not. */
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

/** What this user cannot see, the guest can write anew: nobody need be told. */
const unseen = (): void => undefined;

/** Copies one entry of any kind; a file that may not be read is linked, and opening it fails as it would in its place. */
async function copyEntry(from: string, to: string, entry: Dirent): Promise<void> {
  if (entry.isDirectory()) return copyDirectory(from, to, copyEntry, unseen);
  if (entry.isSymbolicLink()) return copyLink(from, to);
  if (entry.isFile()) return copyOneFile(from, to).catch(() => symlink(from, to));
}

/** Copies a small entry and links to a large one. */
async function copyIfSmall(from: string, to: string, entry: Dirent): Promise<void> {
  const small = entry.isDirectory()
    ? await isSmall(from, { entries: MAX_ENTRIES, bytes: MAX_BYTES })
    : (await lstat(from)).size <= MAX_BYTES;
  return small ? copyEntry(from, to, entry) : symlink(from, to);
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
  await Promise.all([...distinct].map((real) => copyDirectory(real, join(place, real), copyIfSmall, unseen)));
  return Object.fromEntries(remaps.map(([directory, real]) => [directory, join(place, real)]));
}
