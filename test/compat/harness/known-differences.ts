import { matchesGlob } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The cause why some checks of a program end differently natively and boxed. */
export interface KnownDifference {
  readonly cause: string;
  matches(check: string): boolean;
}

const schema = z.record(
  z.string(),
  z.array(z.strictObject({ checks: z.array(z.string()).min(1), cause: z.string().min(1) })),
);

/**
 * Reads the file of known differences. It maps each program to a list of {checks, cause}, where `checks` are
 * names or globs. Throws an Error that names the file and the key.
 */
export function parseKnownDifferences(text: string, file: string): Map<string, KnownDifference[]> {
  const { data, error } = schema.safeParse(parse(text) ?? {});
  if (!data) {
    const [issue] = error.issues;
    throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return new Map(
    Object.entries(data).map(([program, differences]) => [
      program,
      differences.map(({ checks, cause }) => ({
        cause,
        matches: (check) => checks.some((glob) => glob === check || matchesGlob(check, glob)),
      })),
    ]),
  );
}
