import type { Dirent, Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { errnoNameOf } from '../service/errno.ts';

/** What a copy makes of each entry of a directory. */
export type CopyEntry = (from: string, to: string, entry: Dirent) => Promise<void>;

/** Paths that could not be copied, with the reason. */
export type LeftOut = (path: string, reason: string) => void;

/** A copy belongs to its own user, who shall be able to use the folders as root is in the image. */
const OWNER_ALL = 0o700;

const permissions = ({ mode }: Stats): number => mode & 0o7777;

/** A file with its mode, setgid and sticky bits included, and its times. Rejects with the system's error. */
export async function copyOneFile(from: string, to: string): Promise<void> {
  const found = await stat(from);
  await copyFile(from, to);
  await chmod(to, permissions(found));
  await utimes(to, found.atime, found.mtime);
}

/** A symbolic link as it is written. */
export async function copyLink(from: string, to: string): Promise<void> {
  const found = await lstat(from);
  await symlink(await readlink(from), to);
  await lutimes(to, found.atime, found.mtime);
}

/**
 * Makes a directory and gives every entry to `copy`. Mode and times come last, as those of the copies would change them: sticky and
 * setgid folders (`/var/tmp`, a shared spool) stay what they are. A directory that may not be read comes to be, empty.
 */
export async function copyDirectory(
  from: string,
  to: string,
  copy: CopyEntry,
  leftOut: LeftOut,
): Promise<void> {
  await mkdir(to, { recursive: true });
  const found = await lstat(from).catch(() => undefined);
  if (!found) return;
  const entries = await readdir(from, { withFileTypes: true }).catch((error: unknown) => {
    leftOut(from, errnoNameOf(error) ?? String(error));
    return [];
  });
  for (const entry of entries) await copy(join(from, entry.name), join(to, entry.name), entry);
  await chmod(to, permissions(found) | OWNER_ALL);
  await utimes(to, found.atime, found.mtime);
}

/** Errors that one entry may have without the others being any worse for it. */
const OF_ONE_ENTRY: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'ELOOP']);

/**
 * Copies all of a tree, or one file, that this user may read, and tells the rest. What has neither content nor target (sockets, pipes,
 * devices) is left out without a word: it means nothing in another place. So is what `isOwn` says has a copy of its own. Rejects with
 * the system's error, ENOSPC above all.
 */
export async function copyReadable(
  from: string,
  to: string,
  leftOut: LeftOut,
  isOwn: (path: string) => boolean = () => false,
): Promise<void> {
  const copyEntry: CopyEntry = async (source, target, entry) => {
    if (isOwn(source)) return;
    try {
      if (entry.isDirectory()) await copyDirectory(source, target, copyEntry, leftOut);
      else if (entry.isSymbolicLink()) await copyLink(source, target);
      else if (entry.isFile()) await copyOneFile(source, target);
    } catch (error) {
      const errno = errnoNameOf(error) ?? '';
      if (!OF_ONE_ENTRY.has(errno)) throw error;
      leftOut(source, errno);
    }
  };
  const found = await lstat(from);
  if (found.isDirectory()) return copyDirectory(from, to, copyEntry, leftOut);
  if (found.isSymbolicLink()) return copyLink(from, to);
  await copyOneFile(from, to).catch((error: unknown) => {
    const errno = errnoNameOf(error) ?? '';
    if (!OF_ONE_ENTRY.has(errno)) throw error;
    leftOut(from, errno);
  });
}
