import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** A Compose project whose service `client` runs a session of checks. It is one row of the table. */
export interface Program {
  /** The name of the project's folder. */
  readonly name: string;
  readonly title: string;
  /** The Debian package whose version the table shows. */
  readonly package: string;
  /** What the session does, in a few words. */
  readonly what: string;
  /** Time limit of one run, from `up` to the end of the session. */
  readonly seconds: number;
}

/** The directory that holds the programs' folders. */
export const PROGRAMS = new URL('../programs/', import.meta.url).pathname;

const schema = z.object({
  'x-compat': z.strictObject({
    title: z.string(),
    package: z.string(),
    what: z.string(),
    seconds: z.number().positive().default(60),
  }),
  services: z.object({ client: z.looseObject({}) }),
});

/** Reads the key x-compat of a program's compose file. Throws an Error that names the file and the key. */
export function loadProgram(name: string, folder = PROGRAMS): Program {
  const file = join(folder, name, 'compose.yaml');
  const { data, error } = schema.safeParse(parse(readFileSync(file, 'utf8'), { merge: true }));
  if (!data) {
    const [issue] = error.issues;
    throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return { name, ...data['x-compat'] };
}

/** The names of all programs, in alphabetical order. */
export function programNames(folder = PROGRAMS): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
