import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

// Names and their order are Compose's.
const main = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrides = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** The compose file of this directory or the nearest one above, with the override beside it. */
export function defaultFiles(start: string): { files: string[]; origin: 'default' | 'none' } {
  let directory = start;
  for (;;) {
    const found = firstOf(directory, main);
    if (found !== undefined) {
      const override = firstOf(directory, overrides);
      return { files: override === undefined ? [found] : [found, override], origin: 'default' };
    }
    const parent = dirname(directory);
    if (parent === directory) return { files: [], origin: 'none' };
    directory = parent;
  }
}

function firstOf(directory: string, names: readonly string[]): string | undefined {
  return names.map((name) => join(directory, name)).find((path) => existsSync(path));
}
