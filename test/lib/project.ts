import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa, type Options } from 'execa';
import { stateFolder } from '../../compose-plugin/compose/state-folder.ts';

/**
 * A Compose project in its own folder. `remove()` removes the folder and everything that the project has
 * made.
 */
export interface Project {
  readonly name: string;
  readonly directory: string;
  /** Runs `docker boxer ARGS` in the project. Does not reject if the command fails: see `exitCode`. */
  boxer(...args: string[]): Promise<Ran>;
  /** Runs `docker compose ARGS` without Boxer. */
  compose(...args: string[]): Promise<Ran>;
  /** The lines that `docker boxer ARGS` prints, for a command that runs until `signal` aborts. */
  lines(args: readonly string[], signal: AbortSignal): AsyncGenerator<string>;
  /** The same for `docker compose ARGS`. */
  composeLines(args: readonly string[], signal: AbortSignal): AsyncGenerator<string>;
  write(file: string, content: string): void;
  /** The path of a file in the project's state folder, or of the folder itself. */
  state(...path: string[]): string;
  remove(): Promise<void>;
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The output of both streams, in order. */
  readonly all: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export async function run(command: string, args: readonly string[], options: Options = {}): Promise<Ran> {
  const result = await execa(command, args, { reject: false, stdin: 'ignore', all: true, ...options });
  return {
    exitCode: result.exitCode ?? 255,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    all: text(Reflect.get(result, 'all')),
  };
}

/** Writes `files` (contents by path) into a new folder, and gives the project a unique name. */
export function createProject(files: Readonly<Record<string, string>>): Project {
  const name = `t${randomBytes(4).toString('hex')}`;
  const directory = mkdtempSync(join(tmpdir(), 'boxer-test-'));
  const write = (file: string, content: string) => {
    const path = resolve(directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  // A test must not depend on the environment of the shell in which it runs.
  const options: Options = { cwd: directory, env: { COMPOSE_PROJECT_NAME: name, COMPOSE_FILE: undefined } };
  const docker = (...args: string[]) => run('docker', args, options);
  const lines = (args: readonly string[], signal: AbortSignal) => linesOf(args, options, signal);
  return {
    name,
    directory,
    write,
    state: (...path) => join(stateFolder(process.env, directory, name), ...path),
    boxer: (...args) => docker('boxer', ...args),
    compose: (...args) => docker('compose', ...args),
    lines: (args, signal) => lines(['boxer', ...args], signal),
    composeLines: (args, signal) => lines(['compose', ...args], signal),
    async remove() {
      // Without `--profile '*'`, Compose ignores services of inactive profiles.
      await docker(
        'boxer',
        '--profile',
        '*',
        'down',
        '--volumes',
        '--remove-orphans',
        '--timeout',
        '1',
        '--rmi',
        'local',
      );
      for (const made of [directory, stateFolder(process.env, directory, name)])
        rmSync(made, { recursive: true, force: true });
    },
  };
}

async function* linesOf(
  args: readonly string[],
  options: Options,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (signal.aborted) return;
  const child = execa('docker', args, { ...options, reject: false, stdin: 'ignore' });
  const stop = () => child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  for await (const line of child) yield String(line);
}

/**
 * Calls `probe` until it resolves to a value, for states for which Docker has no event. Rejects after
 * `seconds`, which are for what hangs. A probe that starts processes takes them from the tests that run
 * beside it, so the pause between two probes is as long as the last probe was, within limits.
 * @param pause the shortest pause, in milliseconds
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  seconds = 120,
  pause = 100,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const started = Date.now();
    const value = await probe();
    if (value !== undefined) return value;
    const now = Date.now();
    if (now > end) throw new Error(`not within ${seconds} s: ${what}`);
    const rest = Math.max(pause, Math.min(now - started, LONGEST_PAUSE));
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
}

/** The longest pause between two probes by default, in milliseconds. Some states last for few seconds. */
const LONGEST_PAUSE = 1_000;

/**
 * Resolves to the first line of a service's log that matches. Follows the log with one process. Rejects after
 * `seconds`, which are for what hangs.
 */
export function logLine(project: Project, service: string, wanted: RegExp, seconds = 120): Promise<string> {
  const deadline = AbortSignal.timeout(seconds * 1000);
  const following = async () => {
    const found = new AbortController();
    const lines = project.composeLines(
      ['logs', '--follow', '--no-log-prefix', service],
      AbortSignal.any([deadline, found.signal]),
    );
    for await (const line of lines) {
      if (!wanted.test(line)) continue;
      found.abort();
      return line;
    }
    return undefined;
  };
  // Compose follows nothing before there is a container, and no longer than it runs.
  return eventually(`a line ${wanted} in the log of ${service}`, following, seconds);
}
