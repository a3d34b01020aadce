import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { composeIdentity } from '../compose/command.ts';
import { PROJECT_KEY_FILE } from '../compose/keys.ts';
import { EARLIER_FOLDER, realPath } from '../compose/state-folder.ts';
import { configFolder } from '../engine/docker-config.ts';
import { PROVIDER_NOTE } from '../project/effective-provider.ts';
import type { Work } from '../project/work.ts';

/**
 * A digest of all that decides the override except the engine's images: Compose and Boxer themselves, the
 * command line before the verb, the whole environment, and the content of every file that one of them reads.
 * Undefined if that cannot be told.
 * @param further files besides the compose files that Compose reads, absolute
 */
export function inputsDigest(work: Work, further: readonly string[]): string | undefined {
  const { engine, invocation, project, cwd, root } = work;
  const compose = composeIdentity(engine);
  const isPlain = project.linked === undefined || project.linked === project.override;
  if (compose === undefined || !isPlain || existsSync(join(project.directory, EARLIER_FOLDER)))
    return undefined;
  const { verb, args, ...before } = invocation;
  const files = [
    ...[join(root, 'build', 'plugin', 'docker-boxer.mjs'), join(root, 'build', 'images.json')],
    ...[join(configFolder(engine.env), 'config.json')],
    ...stateFiles(project.folder),
    ...sourceFiles(work, further),
  ];
  const known = {
    ...{ compose, before, project, cwd },
    places: [project.directory, project.folder].map(realPath),
    environment: Object.entries(engine.env).sort(([a], [b]) => (a < b ? -1 : 1)),
    files: files.map((file) => [file, contentDigest(file)]),
  };
  return sha256(JSON.stringify(known));
}

/** The files of the user that Compose reads: compose files, env files and `further` ones. */
export function sourceFiles(
  { engine, invocation, project, cwd }: Work,
  further: readonly string[],
): string[] {
  const named = [...invocation.envFiles, ...(engine.env.COMPOSE_ENV_FILES?.split(',') ?? [])];
  return [
    ...[...project.files, ...named].map((file) => resolve(cwd, file)),
    ...[join(cwd, '.env'), join(project.directory, '.env')],
    ...further,
  ];
}

/** The files of the state folder that decide the override, or that the override names. */
function stateFiles(folder: string): string[] {
  const keys = join(folder, 'keys');
  const services = existsSync(keys) ? readdirSync(keys).sort() : [];
  return [
    ...[PROJECT_KEY_FILE, PROVIDER_NOTE].map((name) => join(folder, name)),
    ...services.map((name) => join(keys, name)),
  ];
}

function contentDigest(file: string): string {
  try {
    return sha256(readFileSync(file));
  } catch {
    return 'none';
  }
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
