import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/repository-files.ts';
import { type Statement, statementsIn } from './statements.ts';

/** What tests need, from the least to the most: Node.js, Linux with root and compilers, Docker. */
export const tiers = ['unit', 'system', 'engine'] as const;
export type Tier = (typeof tiers)[number];

/** The tier that a test file has by its name: `x.test.ts`, `x.system.test.ts` or `x.engine.test.ts`. */
export const tierOf = (file: string): Tier =>
  tiers.find((tier) => file.endsWith(`.${tier}.test.ts`)) ?? 'unit';

interface File {
  readonly source: string;
  readonly statements: readonly Statement[];
}

/** What makes a file unfit for a lower tier than `tier`. */
const markers: readonly { readonly tier: Tier; readonly does: string; marks(file: File): boolean }[] = [
  {
    tier: 'system',
    does: 'starts processes',
    marks: ({ statements }) =>
      statements.some(
        ({ to, typesOnly }) => !typesOnly && /^(node:)?(child_process|cluster)$|^execa$/.test(to),
      ),
  },
  {
    tier: 'engine',
    does: 'starts docker',
    marks: ({ source }) =>
      /\b(run|execa|spawn(Sync)?|execFile(Sync)?)\(\s*'(docker|script\/bootstrap)'/.test(source),
  },
  {
    tier: 'engine',
    does: "talks to the Engine's socket",
    marks: ({ source }) => /\brequest\(\s*\{[^}]*\bsocketPath\b/.test(source),
  },
];

export interface Need {
  readonly tier: Tier;
  /** From the test file to the file that has the need, and what that file does. */
  readonly reason: string;
}

/** Reads a file of the repository; undefined: there is none, or it is no program. */
export function readSource(file: string): string | undefined {
  return /\.(ts|mjs)$/.test(file) && existsSync(join(ROOT, file))
    ? readFileSync(join(ROOT, file), 'utf8')
    : undefined;
}

/** What a test file and all files that it imports need beyond Node.js, one need for each file and marker. */
export function needsOf(test: string, read = readSource): Need[] {
  const paths = new Map([[test, test]]);
  const needs: Need[] = [];
  // A Map gives entries that are added while it is walked, too.
  for (const [file, path] of paths) {
    const source = read(file);
    if (source === undefined) continue;
    const statements = statementsIn(file, source);
    for (const { tier, does, marks } of markers)
      if (marks({ source, statements })) needs.push({ tier, reason: `${path} ${does}` });
    for (const { to, typesOnly } of statements)
      if (!typesOnly && !paths.has(to)) paths.set(to, `${path} > ${to}`);
  }
  return needs;
}

/** The needs of a test file that are above its tier. */
export const needsAbove = (test: string, read = readSource): Need[] =>
  needsOf(test, read).filter(({ tier }) => tiers.indexOf(tier) > tiers.indexOf(tierOf(test)));
