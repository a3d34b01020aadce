import { accessSync, constants, type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findUnseen } from '../guest/program/unseen.ts';
import type { ImageQuestion, ImageReport } from '../published/image-report.ts';
import { errnoNameOf } from '../service/errno.ts';

/** Limits of the inspection: entries in all, depth, and names of each kind. */
const MAX_ENTRIES = 20_000;
const MAX_DEPTH = 4;
const MAX_NAMES = 3;

/**
 * Folders that are not the application's, or that functions see elsewhere:
 * supervisor/files/writable-defaults.ts.
 */
const SKIPPED =
  /^\/(proc|sys|dev|tmp|run|usr|lib\w*|s?bin|etc|boot|opt\/boxer|var\/(log|lib|cache|run|tmp|spool))(\/|$)/;

/** Inspects the image in which this process runs, with the rights of this process. */
export function inspectImage(question: ImageQuestion): ImageReport {
  const { argv, workingDirectory, path, user } = question;
  const barred = entering(workingDirectory);
  const unseen = findUnseen(argv[0] ?? '', { path, workingDirectory, real: (place) => place });
  return {
    ...(barred === undefined ? {} : { barred }),
    // The root is everybody's, and holds /root.
    unreadable: barred === undefined && workingDirectory !== '/' ? found(workingDirectory, isUnreadable) : [],
    userFolders: foldersOf(user),
    ...(unseen === undefined ? {} : { unseen }),
  };
}

/**
 * The errno if the folder cannot be entered. A missing folder is no error: functions create it, as containers
 * do.
 */
function entering(folder: string): string | undefined {
  try {
    accessSync(folder, constants.X_OK);
    return undefined;
  } catch (error) {
    const errno = errnoNameOf(error);
    return errno === 'ENOENT' ? undefined : errno;
  }
}

function isUnreadable(path: string, entry: Dirent): boolean {
  if (!entry.isFile() && !entry.isDirectory()) return false;
  try {
    accessSync(path, entry.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK);
    return false;
  } catch {
    return true;
  }
}

function foldersOf(user: string): string[] {
  const uid = uidOf(user);
  // What root owns is everything.
  if (uid === undefined || uid === 0) return [];
  return found('/', (path, entry) => entry.isDirectory() && ownerOf(path) === uid);
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** The uid of `user` in Docker's form: a name or a number, with or without a group. */
function uidOf(user: string): number | undefined {
  const name = user.split(':')[0] ?? '';
  if (/^\d+$/.test(name)) return Number(name);
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${name}:`));
    return line === undefined ? undefined : Number(line.split(':')[2]);
  } catch {
    return undefined;
  }
}

/** The first entries below `root` that are `wanted`, the outermost of each branch. */
function found(root: string, wanted: (path: string, entry: Dirent) => boolean): string[] {
  const names: string[] = [];
  let level = [root];
  let looked = 0;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      for (const entry of entriesOf(folder)) {
        looked += 1;
        if (looked > MAX_ENTRIES || names.length === MAX_NAMES) return names;
        const path = join(folder, entry.name);
        if (SKIPPED.test(path)) continue;
        if (wanted(path, entry)) names.push(path);
        else if (entry.isDirectory()) next.push(path);
      }
    }
    level = next;
  }
  return names;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
