import { accessSync, constants, statSync } from 'node:fs';
import { posix } from 'node:path';

/** The path that libc searches where the environment has no PATH. */
const DEFAULT_PATH = '/usr/local/bin:/bin:/usr/bin';

/** The places in which a program is looked for. */
export interface SearchPlace {
  readonly path: string | undefined;
  readonly workingDirectory: string;
  /** The real path of a path that the guest sees. */
  readonly real: (path: string) => string;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The file that execvp() would run for `name`. Undefined where it would find none. */
export function findProgram(name: string, { path, workingDirectory, real }: SearchPlace): string | undefined {
  if (name === '') return undefined;
  const places = name.includes('/')
    ? [name]
    : (path ?? DEFAULT_PATH).split(':').map((directory) => posix.join(directory || '.', name));
  for (const place of places) {
    const file = real(posix.resolve(workingDirectory, place));
    if (isProgram(file)) return file;
  }
  return undefined;
}
