import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../compose/project.ts';

/** File in the state folder with the name that Compose gave the project when the override was written. */
const FILE = 'name';

/** Keeps the name of the model from which the override is made. */
export function noteName({ folder }: Pick<Project, 'folder'>, name: string): void {
  writeFileSync(join(folder, FILE), name);
}

/**
 * Whether the name that was found without Compose is the one that Compose gave these files: it then need not
 * be asked again.
 */
export function isNotedName({ folder, name }: Pick<Project, 'folder' | 'name'>): boolean {
  try {
    return readFileSync(join(folder, FILE), 'utf8') === name;
  } catch {
    return false;
  }
}
