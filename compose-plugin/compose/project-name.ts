import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { substitute } from './dot-env.ts';

/**
 * A top-level `name:`, found without parsing: the file may be broken elsewhere. The last file that has one
 * wins.
 */
export function writtenName(
  files: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string | undefined {
  for (const file of [...files].reverse()) {
    try {
      const [, name] =
        /^name:[ \t]*["']?([^\s"'#]+)["']?[ \t]*(#.*)?$/m.exec(readFileSync(resolve(cwd, file), 'utf8')) ??
        [];
      if (name !== undefined) return substitute(name, variables);
    } catch {
      // A file that cannot be read is skipped.
    }
  }
  return undefined;
}

/** Makes a project name from a folder name, by Compose's rules. */
export const normalised = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
