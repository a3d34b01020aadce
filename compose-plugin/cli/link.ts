import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { dotEnv } from '../compose/dot-env.ts';
import { replaceEnvFile } from '../compose/env-file.ts';
import { linkEnv, unlinkEnv } from '../compose/env-link.ts';
import type { Model } from '../compose/model.ts';
import { findProject, isRemote, pathSeparator } from '../compose/project.ts';
import { sentPaths } from '../compose/sent-paths.ts';
import { prepare } from '../prepare/prepare.ts';
import { showPurpose } from '../project/purposes.ts';
import type { Context } from './context.ts';

/**
 * `link`: makes plain `docker compose` in the project directory use the rewritten model, by COMPOSE_FILE in
 * `.env`.
 */
export async function link(context: Context): Promise<number> {
  const { engine, invocation, cwd, print, warn } = context;
  const before = context.project;
  const file = join(before.directory, '.env');
  const old = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const clean = old === undefined ? undefined : unlinkEnv(old).text;
  // The project's files without the link line, which may be older than the project's last change.
  if (old !== clean) replaceEnvFile(file, clean);
  try {
    const project = findProject(invocation, engine.env, cwd);
    if (project.files.length === 0) throw new BoxerError('NO_PROJECT', `there is no compose file in ${cwd}`);
    if (project.files.some((path) => path === '-' || isRemote(path))) {
      throw new BoxerError('LINK', 'only projects of local files can be linked');
    }
    const { model, override } = await prepare({ ...context, project }, showPurpose([]));
    if (override === undefined) {
      throw new BoxerError('LINK', 'nothing in this project is boxed', {
        hint: 'Give a service `x-boxer: lambda` first.',
      });
    }
    const variables = { ...dotEnv(invocation.envFiles, engine.env, cwd, project.directory), ...engine.env };
    const paths = project.files.map((path) => portable(relative(project.directory, resolve(cwd, path))));
    const value = [...paths, portable(project.override)].join(pathSeparator(variables));
    replaceEnvFile(file, linkEnv(clean, value));
    print(`Linked: \`docker compose\` in ${project.directory} now uses the rewritten model.`);
    for (const name of buildsWith(model, file)) {
      warn(
        `docker boxer: .env is in the build context of service "${name}": an image that copies it is built anew, once. A line .env in .dockerignore keeps it out.`,
      );
    }
  } catch (error) {
    if (old !== clean) replaceEnvFile(file, old);
    throw error;
  }
  if (engine.env.COMPOSE_FILE !== undefined) {
    warn('docker boxer: COMPOSE_FILE is set in this shell and wins over the one in .env: unset it.');
  }
  if (invocation.files.length > 0) {
    warn('docker boxer: -f on a command line wins over COMPOSE_FILE in .env: leave it out from now on.');
  }
  return 0;
}

/** Services whose build context holds `.env`, unless .dockerignore has a line for `.env`. */
function buildsWith(model: Model, envFile: string): string[] {
  const services = sentPaths(model).flatMap(({ at, local, how }) => {
    const isContext = how === 'copy' && at.includes('build') && envFile.startsWith(join(local, '/'));
    return isContext && !ignores(join(local, '.dockerignore')) ? [at[1] ?? ''] : [];
  });
  return [...new Set(services)];
}

function ignores(file: string): boolean {
  return existsSync(file) && /^(\*\*\/|\/|\.\/)?\.env(\*|\s*)$/m.test(readFileSync(file, 'utf8'));
}

/** The path with forward slashes, which Compose accepts on every system. */
const portable = (path: string) => path.replaceAll('\\', '/');
