import { readFileSync } from 'node:fs';
import { readPhantoms } from '../project/phantoms.ts';
import type { Work } from '../project/work.ts';
import { removeTwins } from '../twin/build.ts';

/** Matches a twin's tag anywhere in a text. */
const TAGS = /boxer-twin\/[a-z0-9-]+:[0-9a-f]{12}/g;

/** Removes twins that neither the override nor any container of the project names. */
export async function tidyTwins({ engine, project }: Work, name: string): Promise<void> {
  const phantoms = await readPhantoms(engine, name);
  await removeTwins(engine, name, [
    ...twinsOfOverride(project.override),
    ...phantoms.map(({ twin }) => twin.imageUri),
  ]);
}

function twinsOfOverride(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').match(TAGS) ?? [];
  } catch {
    return [];
  }
}
