import { basename, dirname, join, resolve } from 'node:path';
import type { Invocation } from '../invocation/invocation.ts';
import { defaultFiles } from './default-files.ts';
import { dotEnv } from './dot-env.ts';
import { normalised, writtenName } from './project-name.ts';
import { isOverridePath, OVERRIDE_FILE, stateFolder } from './state-folder.ts';

/** The project that Compose would choose, before any of its files is read. */
export interface Project {
  /** Compose's working directory, absolute: relative paths of the model start from here. */
  directory: string;
  /** The user's compose files without our override; relative ones start from the current directory. */
  files: string[];
  /** Where `files` came from. */
  origin: 'flag' | 'shell' | 'env-file' | 'default' | 'none';
  /** The override that was among the files: the project is linked, or the user named it. */
  linked: string | undefined;
  /** The project's name as far as it is known without running Compose. */
  name: string;
  /** Where Boxer keeps keys, override and notes of this project: outside of its directory. */
  folder: string;
  /** The override file. */
  override: string;
}

/** Compose's separator in COMPOSE_FILE. */
export function pathSeparator(variables: Readonly<Record<string, string | undefined>>): string {
  return variables.COMPOSE_PATH_SEPARATOR || (process.platform === 'win32' ? ';' : ':');
}

/**
 * Finds the project's files: `-f`, COMPOSE_FILE of the shell, COMPOSE_FILE of the env files, then the default
 * names in this directory and those above.
 */
export function findProject(invocation: Invocation, env: NodeJS.ProcessEnv, cwd: string): Project {
  const { projectDirectory } = invocation;
  const start = projectDirectory === undefined ? cwd : resolve(cwd, projectDirectory);
  const variables = { ...dotEnv(invocation.envFiles, env, cwd, start), ...env };
  const found = namedFiles(invocation, env, variables, cwd) ?? defaultFiles(start);
  const { origin } = found;
  const isOurs = (file: string) => file !== '-' && isOverridePath(resolve(cwd, file));
  const files = found.files.filter((file) => !isOurs(file));
  const linked = found.files.find(isOurs);
  const first = files.find((file) => file !== '-' && !isRemote(file));
  const directory =
    projectDirectory === undefined ? (first === undefined ? cwd : dirname(resolve(cwd, first))) : start;
  const name =
    invocation.projectName ||
    variables.COMPOSE_PROJECT_NAME ||
    writtenName(files, variables, cwd) ||
    normalised(basename(directory));
  const folder = stateFolder(env, directory, name);
  return {
    ...{ directory, files, origin, name, folder, override: join(folder, OVERRIDE_FILE) },
    linked: linked === undefined ? undefined : resolve(cwd, linked),
  };
}

/** Compose can load files from git and OCI registries. */
export const isRemote = (file: string) => /^(oci|https?|git|ssh):|^git@|\.git(#|$)/.test(file);

function namedFiles(
  invocation: Invocation,
  env: NodeJS.ProcessEnv,
  variables: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Pick<Project, 'files' | 'origin'> | undefined {
  if (invocation.files.length > 0) return { files: invocation.files, origin: 'flag' };
  const list = variables.COMPOSE_FILE;
  if (list === undefined) return undefined;
  const files = list
    .split(pathSeparator(variables))
    .map((file) => (file === '-' ? file : resolve(cwd, file)));
  return { files, origin: env.COMPOSE_FILE === undefined ? 'env-file' : 'shell' };
}
