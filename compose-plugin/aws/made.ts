import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeAtomically } from '../compose/write-atomically.ts';
import { MADE_FILE } from './made-file.ts';

const made = z.object({
  region: z.string(),
  repository: z.string(),
  /** Compressed size of the images in the repository. */
  bytes: z.number(),
  functions: z.array(z.string()),
});

/** The resources that earlier calls made in the account. `down` reads this note instead of asking AWS. */
export type Made = z.infer<typeof made>;

const fileOf = (folder: string) => join(folder, MADE_FILE);

/** Reads the note; undefined: nothing was made from this directory. */
export function readMade(folder: string): Made | undefined {
  try {
    return made.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Adds resources to the note. */
export function noteMade(folder: string, now: Made): void {
  const before = readMade(folder);
  const functions = [
    ...new Set([...(before?.region === now.region ? before.functions : []), ...now.functions]),
  ].sort();
  replaceMade(folder, { ...now, functions });
}

/** Replaces the note. */
export const replaceMade = (folder: string, now: Made): void =>
  writeAtomically(fileOf(folder), `${JSON.stringify(now)}\n`);

export const forgetMade = (folder: string): void => rmSync(fileOf(folder), { force: true });
