import { basename, dirname, posix } from 'node:path';

/** So many folders are told; a program that tries everywhere has said enough then. */
const MAX_LINES = 10;

/** Where a remapped path stands; what the user writes may be any other place below /tmp. */
const PLACE = '/tmp';

/** What the read-only root of a function has refused to the guest. */
export interface DeniedWrites {
  note(path: string): void;
  /** Whoever takes the lines; those of before come at once. */
  tellTo(say: (line: string) => void): void;
}

/** The folder that would have to be writable; the path itself where that is all of the root. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '/' ? path : folder;
}

/** One line: which path, and what mends it. */
export function describeDenied(path: string): string {
  const folder = folderOf(path);
  return `${path} cannot be written, a function's root is read-only: set x-boxer: { remap: { ${folder}: ${PLACE}/${basename(folder)} } }`;
}

/** Keeps one line for each folder, however many processes try however often. */
export function createDeniedWrites(): DeniedWrites {
  const folders = new Set<string>();
  const early: string[] = [];
  let say = (line: string): void => void early.push(line);
  return {
    note(given) {
      const path = posix.normalize(given);
      // What the kernel makes of these is nobody's mistake in a compose file.
      if (!path.startsWith('/') || /^\/(proc|sys|dev|tmp)(\/|$)/.test(path)) return;
      const folder = folderOf(path);
      if (folders.has(folder) || folders.size >= MAX_LINES) return;
      folders.add(folder);
      say(describeDenied(path));
    },
    tellTo(listener) {
      say = listener;
      for (const line of early.splice(0)) listener(line);
    },
  };
}
