import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { remappedPath } from '../files/remapped-path.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ExitStatus } from './exit-status.ts';
import type { StdioPipes } from './stdio-pipes.ts';

export interface GuestOptions {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /**
   * `inherit`: the supervisor's own descriptors, including a terminal. Where pipes are given, this process
   * closes its copies of the guest's ends in any case.
   */
  readonly stdio: 'inherit' | StdioPipes;
  /**
   * Visible path -> real path. The kernel starts the program, and does not know the paths that the guest
   * sees.
   */
  readonly remap?: Readonly<Record<string, string>>;
}

export interface Guest {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
}

function directoryExists(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function cannotStart(options: GuestOptions, cause: unknown): BoxerError {
  const errno = errnoNameOf(cause);
  const program = options.argv[0] ?? '';
  if (!directoryExists(remappedPath(options.workingDirectory, options.remap ?? {})))
    return new BoxerError(
      'WORKING_DIRECTORY',
      `working directory ${options.workingDirectory} cannot be entered`,
      { cause },
    );
  const reason =
    errno === 'ENOENT' ? 'not found' : errno === 'EACCES' ? 'permission denied' : (errno ?? String(cause));
  // Shells and Docker use the exit code 127 for a program that is not found, and 126 for one that is not
  // executable.
  return new BoxerError(
    errno === 'ENOENT' ? 'NOT_FOUND' : 'NOT_EXECUTABLE',
    `cannot run ${program}: ${reason}`,
    { cause },
  );
}

/** The exit code for a guest that could not be started. */
export function startFailureCode(error: unknown): number {
  if (error instanceof BoxerError && error.code === 'NOT_FOUND') return 127;
  return error instanceof BoxerError && error.code === 'NOT_EXECUTABLE' ? 126 : 125;
}

/** Starts the guest's first process. Rejects with BoxerError NOT_FOUND, NOT_EXECUTABLE or WORKING_DIRECTORY. */
export function startGuest(options: GuestOptions): Promise<Guest> {
  const { stdio } = options;
  const [program, ...rest] = options.argv;
  const started = new Promise<Guest>((resolve, reject) => {
    if (program === undefined) {
      const hint = 'give the service a command, or its image an ENTRYPOINT or CMD';
      return reject(new BoxerError('NOT_FOUND', 'no command to run', { hint }));
    }
    const remap = options.remap ?? {};
    const child = spawn(remappedPath(program, remap), rest, {
      argv0: program,
      env: options.environment,
      cwd: remappedPath(options.workingDirectory, remap),
      stdio: stdio === 'inherit' ? stdio : [...stdio.guestEnds],
    });
    const exited = new Promise<ExitStatus>((settle) => {
      // The event is 'exit' and not 'close', as grandchildren may keep the pipes open for ever.
      child.once('exit', (code, signal) => settle({ code, signal }));
    });
    child.once('error', (cause) => reject(cannotStart(options, cause)));
    child.once('spawn', () => resolve({ process: child, pid: child.pid ?? 0, exited }));
  });
  if (stdio !== 'inherit') stdio.closeGuestEnds();
  return started;
}
