import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

/** File of the override in a project's state folder. */
export const OVERRIDE_FILE = 'override.yaml';

/** Folder in the project directory that held keys and override in earlier versions. */
export const EARLIER_FOLDER = '.boxer';

/**
 * The user's folder with the state of all projects, by the XDG Base Directory Specification. It is outside of
 * every project, because Compose sends project folders to builders and mounts them into containers.
 */
export function stateHome(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_STATE_HOME;
  // The specification says that relative paths are ignored.
  const base = given && isAbsolute(given) ? given : join(env.HOME || homedir(), '.local', 'state');
  return join(base, 'boxer');
}

/**
 * The state folder of the project of this name in this directory: two checkouts, or two names of one
 * directory, have one each.
 */
export function stateFolder(env: NodeJS.ProcessEnv, directory: string, name: string): string {
  const hash = createHash('sha256')
    .update(`${realPath(directory)}\0${name}`)
    .digest('hex')
    .slice(0, 12);
  const readable = name.replaceAll(/[^a-z0-9_-]/g, '-').slice(0, 60) || 'project';
  return join(stateHome(env), `${readable}-${hash}`);
}

/** Whether a path is that of an override of any project, and so not a file of the user. */
export function isOverridePath(path: string): boolean {
  const folder = dirname(path);
  if (basename(path) !== OVERRIDE_FILE) return false;
  if (basename(folder) === EARLIER_FOLDER) return true;
  return /^[a-z0-9_-]+-[0-9a-f]{12}$/.test(basename(folder)) && basename(dirname(folder)) === 'boxer';
}

/** The path with every symbolic link resolved. Only the existing part of a path is resolved. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(resolve(path));
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
