import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from '../lib/repository-files.ts';

/** One `import` or `export ... from` of a file. */
export interface Statement {
  /** A path of this repository, or the name of a package or of a module of Node.js. */
  readonly to: string;
  /** The statement imports types only, so nothing of the module runs. */
  readonly typesOnly: boolean;
  /** The statement is no part of the program that runs (`import type`). */
  readonly erased: boolean;
  /** The statement is an `import()`, so the module is loaded when it is needed. */
  readonly atRunTime: boolean;
}

const STATIC = /^\s*(?:import|export)\s+(type\s)?([^'";]*?)\bfrom\s*'([^']+)'/gm;
const PLAIN = /^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm;

/** The names between braces are all types; false without braces. */
function namesTypesOnly(clause: string): boolean {
  const names = /^\{(.*)\}\s*$/s
    .exec(clause)?.[1]
    ?.split(',')
    .map((name) => name.trim());
  return names?.every((name) => name === '' || name.startsWith('type ')) ?? false;
}

/** The statements in the source text of a file, those at run time included. */
export function statementsIn(file: string, source: string): Statement[] {
  const resolve = (target = '') => (target.startsWith('.') ? normalize(join(dirname(file), target)) : target);
  return [
    ...[...source.matchAll(STATIC)].map(([, type, clause = '', target]) => ({
      to: resolve(target),
      typesOnly: type !== undefined || namesTypesOnly(clause),
      erased: type !== undefined,
      atRunTime: false,
    })),
    ...[...source.matchAll(PLAIN)].map(([, atStart, later]) => ({
      to: resolve(atStart ?? later),
      typesOnly: false,
      erased: false,
      atRunTime: later !== undefined,
    })),
  ];
}

/** The statements of a file of the repository. */
export const statementsOf = (file: string): Statement[] =>
  statementsIn(file, readFileSync(join(ROOT, file), 'utf8'));
