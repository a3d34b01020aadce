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

/** Copies one entry of a directory. */
export type CopyEntry = (from: string, to: string, entry: Dirent) => Promise<void>;

/** Is called for each path that could not be copied, with the reason. */
export type LeftOut = (path: string, reason: string) => void;

/** The user who makes a copy owns it, and gets full access to its folders, as root has in the image. */
const OWNER_ALL = 0o700;

const permissions = ({ mode }: Stats): number => mode & 0o7777;

/**
 * Copies a file with its mode, including the setuid, setgid and sticky bits, and its times. Rejects with the
 * system's error.
 */
export async function copyOneFile(from: string, to: string): Promise<void> {
  const found = await stat(from);
  await copyFile(from, to);
  await chmod(to, permissions(found));
  await utimes(to, found.atime, found.mtime);
}

/** Copies a symbolic link without changing its target. */
export async function copyLink(from: string, to: string): Promise<void> {
  const found = await lstat(from);
  await symlink(await readlink(from), to);
  await lutimes(to, found.atime, found.mtime);
}

/**
 * Makes a directory and calls `copy` for every entry. Sets the mode and the times last, as copying the
 * entries changes the times. Sticky and setgid directories (`/var/tmp`, a shared spool) keep these bits. A
 * directory that this user may not read becomes an empty one.
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

/** Errors that concern a single entry: the other entries are still copied. */
const OF_ONE_ENTRY: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'ELOOP']);

/**
 * Copies a file, or the part of a tree that this user may read, and calls `leftOut` for each path that this
 * user may not read. Sockets, pipes and devices are not copied and not reported, because a copy of them would
 * be of no use. Paths for which `isOwn` is true are not copied either, because they are copied separately.
 * Rejects with the system's error, such as ENOSPC.
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
