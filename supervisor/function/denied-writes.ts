import { basename, dirname, posix } from 'node:path';

/** The most folders that are reported, so that a program which tries many folders does not fill the log. */
const MAX_LINES = 10;

/** The folder of the remapped path that a line suggests. The user may choose any other path below /tmp. */
const PLACE = '/tmp';

/** The writes of the guest that the read-only root of a function has refused. */
export interface DeniedWrites {
  note(path: string): void;
  /** `say` gets every line from now on, and at once the lines that were noted before. */
  tellTo(say: (line: string) => void): void;
}

/** The folder that would have to be writable; for a path directly below the root, the path itself. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '/' ? path : folder;
}

/** One line with the path and the remedy. */
export function describeDenied(path: string): string {
  const folder = folderOf(path);
  return `${path} cannot be written, a function's root is read-only: set x-boxer: { remap: { ${folder}: ${PLACE}/${basename(folder)} } }`;
}

/** Reports each folder once, however often processes try to write there. */
export function createDeniedWrites(): DeniedWrites {
  const folders = new Set<string>();
  const early: string[] = [];
  let say = (line: string): void => void early.push(line);
  return {
    note(given) {
      const path = posix.normalize(given);
      // A refused write below these folders has nothing to do with the compose file.
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
