import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type CommandOptions, type Finished, run } from '../engine/command.ts';
import type { Docker } from '../engine/docker.ts';
import { configFolder, configValue } from '../engine/docker-config.ts';
import type { Invocation } from '../invocation/invocation.ts';
import type { Project } from './project.ts';

/** A `docker compose` command line with the environment that goes with it. */
export interface ComposeCall {
  args: string[];
  env: NodeJS.ProcessEnv;
}

/**
 * `compose <flags> <words>` over the project's files plus `extra` ones. Files that Compose found by itself
 * are handed over in COMPOSE_FILE, not by -f: with -f Compose would no longer read the .env of the current
 * directory.
 */
export function composeCall(
  engine: Docker,
  invocation: Invocation,
  project: Project,
  extra: readonly string[],
  words: readonly string[],
): ComposeCall {
  const files = [...project.files, ...extra];
  const flags = [...invocation.compose];
  const env = { ...engine.env };
  if (project.origin === 'flag') flags.push(...files.flatMap((file) => ['-f', file]));
  else if (project.files.length > 0) {
    env.COMPOSE_FILE = files.join(delimiter);
    env.COMPOSE_PATH_SEPARATOR = delimiter;
  }
  return { args: ['compose', ...flags, ...words], env };
}

/**
 * Runs Compose and collects its output. The Compose plugin is started directly if it is found: `docker` would
 * look at every other plugin first, which takes as long as Compose itself.
 */
export function runCompose(
  engine: Docker,
  call: ComposeCall,
  options: Pick<CommandOptions, 'stderr'> = {},
): Promise<Finished> {
  const program = engine.flags.length === 0 ? composeProgram(engine.env) : undefined;
  const spawned = { ...options, env: call.env, signal: engine.signal };
  if (program === undefined) return run('docker', [...engine.flags, ...call.args], spawned);
  return run(program, call.args.slice(1), spawned);
}

/**
 * Tells the installed Compose from another one, without starting it; undefined if only docker knows which one
 * it would start.
 */
export function composeIdentity({ flags, env }: Docker): string | undefined {
  const program = flags.length === 0 ? composeProgram(env) : undefined;
  if (program === undefined) return undefined;
  const { ino, size, mtimeMs } = statSync(program);
  return [program, ino, size, mtimeMs].join(' ');
}

/** The Compose plugin in docker's plugin folders, in docker's order; undefined if it is in none of them. */
function composeProgram(env: NodeJS.ProcessEnv): string | undefined {
  const extra = configValue(env, 'cliPluginsExtraDirs');
  const folders = [
    ...(Array.isArray(extra) ? extra.filter((folder) => typeof folder === 'string') : []),
    join(configFolder(env), 'cli-plugins'),
    '/usr/local/lib/docker/cli-plugins',
    '/usr/local/libexec/docker/cli-plugins',
    '/usr/lib/docker/cli-plugins',
    '/usr/libexec/docker/cli-plugins',
  ];
  return folders.map((folder) => join(folder, 'docker-compose')).find((path) => existsSync(path));
}
