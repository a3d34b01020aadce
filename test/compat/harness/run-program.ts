import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from 'execa';
import { run } from '../../lib/project.ts';
import { PROGRAMS, type Program } from './programs.ts';
import { parseSession, type SessionOutput } from './session-output.ts';

/** `native`: plain Compose, which ignores x-boxer. `boxed`: docker boxer, with the same files. */
export type Mode = 'native' | 'boxed';

export interface ProgramRun extends SessionOutput {
  readonly mode: Mode;
  /** The time from `up` to the end of the session, ms. */
  readonly milliseconds: number;
  /** The output of all services; empty when the session finished. */
  readonly log: string;
}

/** The time limit of `down`, in seconds. */
const STOP_SECONDS = 60;

/**
 * Starts the program's project in a copy of its folder, waits until its service `client` ends, and reads the
 * checks that the service printed. The project is removed in any case. A session that does not end within
 * `program.seconds` counts as not finished. Rejects only when `signal` is aborted.
 */
export async function runProgram(program: Program, mode: Mode, signal?: AbortSignal): Promise<ProgramRun> {
  const name = `compat${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'boxer-compat-'));
  const directory = join(folder, program.name);
  const environment = { COMPOSE_PROJECT_NAME: name, COMPOSE_FILE: undefined };
  const docker = (args: string[], options: Options = {}) =>
    run('docker', args, { cwd: directory, env: environment, ...options });
  const verb = mode === 'native' ? 'compose' : 'boxer';
  try {
    cpSync(PROGRAMS, folder, { recursive: true });
    const started = performance.now();
    const limit = AbortSignal.timeout(program.seconds * 1000);
    const bounded = { cancelSignal: signal ? AbortSignal.any([signal, limit]) : limit };
    const up = await docker([verb, 'up', '--detach'], bounded);
    if (up.exitCode === 0) await docker(['compose', 'wait', 'client'], bounded);
    const milliseconds = performance.now() - started;
    const output = up.exitCode === 0 ? await docker(['compose', 'logs', '--no-log-prefix', 'client']) : up;
    const session = parseSession(output.stdout);
    const log = session.finished
      ? ''
      : `${up.all}\n${(await docker(['compose', 'logs', '--timestamps'])).all}`;
    signal?.throwIfAborted();
    return { mode, milliseconds, log, ...session };
  } finally {
    const all = ['--volumes', '--remove-orphans', '--rmi', 'local', '--timeout', '1'];
    await docker([verb, 'down', ...all], { timeout: STOP_SECONDS * 1000 });
    rmSync(folder, { recursive: true, force: true });
  }
}
