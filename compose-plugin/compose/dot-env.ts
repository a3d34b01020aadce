import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';

/**
 * Variables of the env files that Compose reads before it looks for its own files: `--env-file`s, else
 * COMPOSE_ENV_FILES, else `.env`. Files that cannot be read are left for Compose to complain about.
 */
export function dotEnv(
  envFiles: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  start: string,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const file of chosenFiles(envFiles, env, cwd, start)) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    const found = parseEnv(text);
    for (const [name, value] of Object.entries(found)) {
      if (value !== undefined) variables[name] = substitute(value, { ...found, ...variables, ...env });
    }
  }
  return variables;
}

function chosenFiles(
  envFiles: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  start: string,
): readonly string[] {
  if (envFiles.length > 0) return envFiles.map((file) => resolve(cwd, file));
  if (env.COMPOSE_ENV_FILES) return env.COMPOSE_ENV_FILES.split(',').map((file) => resolve(cwd, file));
  if (/^(1|t|true)$/i.test(env.COMPOSE_DISABLE_ENV_FILE ?? '')) return [];
  return [join(start, '.env')];
}

/** Replaces `$NAME`, `${NAME}` and `${NAME:-default}`. Names of files and projects rarely use other forms. */
export function substitute(value: string, variables: Readonly<Record<string, string | undefined>>): string {
  return value.replace(/\$(?:\{(\w+)(?:(:?-)([^}]*))?\}|(\w+))/g, (_, braced, dash, fallback, plain) => {
    const found = variables[braced ?? plain];
    return found === undefined || (found === '' && dash === ':-') ? (fallback ?? '') : found;
  });
}
