import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isRemote, type Project } from './project.ts';

/** Keys whose files Compose reads while it reads the model. */
const FILE_KEYS = ['env_file', 'label_file'];

/** Keys that bring in other compose files, which may name further files themselves. */
const COMPOSE_KEYS = ['include', 'extends'];

/**
 * Files besides the compose files themselves that decide the model: those of `env_file` and `label_file`,
 * absolute, whether they exist or not. Undefined if they cannot be told from the compose files alone.
 */
export function furtherFiles({ files, directory }: Project, cwd: string): string[] | undefined {
  const named: string[] = [];
  const isClear = files.every(
    (file) =>
      file !== '-' && !isRemote(file) && documentsIn(resolve(cwd, file))?.every((one) => collect(one, named)),
  );
  if (!isClear || named.some((file) => file.includes('$') || file.startsWith('~'))) return undefined;
  return [...new Set(named.map((file) => resolve(directory, file)))];
}

/** The documents of a YAML file as plain values; undefined if one is invalid. */
function documentsIn(file: string): unknown[] | undefined {
  try {
    const documents = [...parseAllDocuments(readFileSync(file, 'utf8'), { merge: true, logLevel: 'silent' })];
    return documents.some(({ errors }) => errors.length > 0) ? undefined : documents.map((one) => one.toJS());
  } catch {
    return undefined;
  }
}

/** Adds the named files to `into`. False if the value names other compose files, or is not understood. */
function collect(value: unknown, into: string[]): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => {
    if (COMPOSE_KEYS.includes(key)) return false;
    if (!FILE_KEYS.includes(key)) return collect(inner, into);
    const paths = [inner].flat().map((one: unknown) => pathOf(one));
    into.push(...paths.filter((path) => path !== undefined));
    return !paths.includes(undefined);
  });
}

/** The path of an entry, which is a string or a mapping with `path`. */
function pathOf(entry: unknown): string | undefined {
  const path: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'path') : entry;
  return typeof path === 'string' ? path : undefined;
}
