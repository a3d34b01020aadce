import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { OWNER_FILE } from '../compose/make-state-folder.ts';
import type { Project } from '../compose/project.ts';
import { NOTES } from './earlier-folder.ts';

const owner = z.object({ name: z.string(), directory: z.string() });

type Place = Pick<Project, 'name' | 'folder'>;

/**
 * State folders of projects with this name whose directory no longer exists, probably because it was moved.
 */
function forsakenFolders({ name, folder }: Place): string[] {
  const home = dirname(folder);
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .filter((other) => other !== basename(folder))
    .map((other) => join(home, other))
    .filter((other) => {
      const found = readOwner(join(other, OWNER_FILE));
      return found?.name === name && !existsSync(found.directory);
    });
}

function readOwner(file: string): z.infer<typeof owner> | undefined {
  try {
    return owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Copies the notes of a moved project, such as its resources in AWS, to its present state folder. */
export function adoptNotes(project: Place): void {
  for (const other of forsakenFolders(project)) {
    for (const name of NOTES) {
      const [from, to] = [join(other, name), join(project.folder, name)];
      if (existsSync(from) && !existsSync(to)) copyFileSync(from, to);
    }
  }
}

/**
 * Removes the old state of a moved project. Call this only when no container mounts the old keys any more.
 */
export function removeForsaken(project: Place): void {
  for (const other of forsakenFolders(project)) rmSync(other, { recursive: true, force: true });
}
