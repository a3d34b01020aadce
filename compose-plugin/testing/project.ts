import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { stateFolder } from '../compose/state-folder.ts';
import type { Home } from './home.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A compose project in a temporary folder. The project has the unique name of the folder. */
export interface TestProject {
  directory: string;
  name: string;
  write: (file: string, text: string) => void;
  read: (file: string) => string;
  has: (file: string) => boolean;
  /** Path of a file in the project's state folder, or of the state folder itself. */
  state: (...path: string[]) => string;
  /** `docker <words>` in the project's folder. */
  docker: (...words: string[]) => Ran;
  boxer: (...words: string[]) => Ran;
  start: (...words: string[]) => ChildProcess;
  /** Removes the project from the engine and the disk, and the given images. */
  remove: (...images: string[]) => void;
}

/** Makes a project from files; a string is the content of `compose.yaml`. */
export function makeProject(home: Home, files: Readonly<Record<string, string>> | string): TestProject {
  // Compose allows only lower case in names, and mkdtemp() also uses upper case.
  const name = `boxer-test-${randomBytes(5).toString('hex')}`;
  const directory = join(realpathSync(tmpdir()), name);
  mkdirSync(directory);
  const options = { cwd: directory, env: home.env };
  const docker = (...words: string[]): Ran => {
    const { status, stdout, stderr } = spawnSync('docker', words, {
      ...options,
      ...{ encoding: 'utf8', timeout: 50_000 },
    });
    return { code: status, stdout, stderr };
  };
  const project: TestProject = {
    directory,
    name,
    write: (file, text) => {
      mkdirSync(dirname(resolve(directory, file)), { recursive: true });
      writeFileSync(resolve(directory, file), text);
    },
    read: (file) => readFileSync(resolve(directory, file), 'utf8'),
    has: (file) => existsSync(resolve(directory, file)),
    state: (...path) => join(stateFolder(home.env, directory, name), ...path),
    docker,
    boxer: (...words) => docker('boxer', ...words),
    start: (...words) => spawn('docker', words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }),
    remove: (...images) => {
      docker('compose', '-p', name, 'down', '--volumes', '--timeout', '1');
      const twins = docker('image', 'ls', '--quiet', '--filter', `label=io.boxer.twin.project=${name}`);
      const ids = [...new Set(twins.stdout.split('\n'))].filter((id) => id !== '');
      if (ids.length > 0) docker('image', 'rm', '--force', ...ids);
      if (images.length > 0) docker('image', 'rm', ...images);
      for (const made of [directory, project.state()]) rmSync(made, { recursive: true, force: true });
    },
  };
  const given = typeof files === 'string' ? { 'compose.yaml': files } : files;
  for (const [file, text] of Object.entries(given)) project.write(file, text);
  return project;
}
