import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { remappedPath } from '../files/remapped-path.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { Addon } from '../service/addon.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ExitStatus } from './exit-status.ts';
import { withOwnLimits } from './own-limits.ts';
import { preloadableEnvironment } from './program/preloadable.ts';
import type { StdioPipes } from './stdio-pipes.ts';

export interface GuestOptions {
  readonly addon: Pick<Addon, 'limitDescriptors'>;
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

/** Why the folder cannot be entered, as an errno name; undefined where it can. */
function entering(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory() ? undefined : 'ENOTDIR';
  } catch (cause) {
    return errnoNameOf(cause) ?? String(cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'not found',
  EACCES: 'permission denied',
  ENOTDIR: 'not a folder',
  ENOEXEC: 'exec format error',
  E2BIG: 'argument list too long',
};

const inWords = (errno: string) => REASONS[errno] ?? errno;

/**
 * `folder`: the real path of the guest's working directory; undefined: the supervisor's working directory.
 */
function cannotStart({ argv, workingDirectory }: GuestOptions, folder: string | undefined, cause: unknown) {
  const barred = folder === undefined ? undefined : entering(folder);
  if (barred !== undefined) {
    const message = `cannot enter the working directory ${workingDirectory} as user ${process.geteuid?.()}: ${inWords(barred)}`;
    return new BoxerError('WORKING_DIRECTORY', message, { cause });
  }
  const errno = errnoNameOf(cause) ?? String(cause);
  const message = `cannot run ${argv[0] ?? ''}: ${inWords(errno)}`;
  return new BoxerError(errno === 'ENOENT' ? 'NOT_FOUND' : 'NOT_EXECUTABLE', message, { cause });
}

/**
 * Shells and Docker use the exit code 127 for a program that is not found, and 126 for one that cannot be run
 * or whose working directory cannot be entered.
 */
const EXIT_CODES: Readonly<Record<string, number>> = {
  NOT_FOUND: 127,
  NOT_EXECUTABLE: 126,
  WORKING_DIRECTORY: 126,
};

/** The exit code for a guest that could not be started. */
export function startFailureCode(error: unknown): number {
  return (error instanceof BoxerError ? EXIT_CODES[error.code] : undefined) ?? 125;
}

/**
 * Starts the guest's first process. Rejects with BoxerError NOT_FOUND, NOT_EXECUTABLE or WORKING_DIRECTORY.
 */
export function startGuest(options: GuestOptions): Promise<Guest> {
  const { stdio } = options;
  const [program, ...rest] = options.argv;
  const started = new Promise<Guest>((resolve, reject) => {
    if (program === undefined) {
      const hint = 'give the service a command, or its image an ENTRYPOINT or CMD';
      return reject(new BoxerError('NOT_FOUND', 'no command to run', { hint }));
    }
    const remap = options.remap ?? {};
    const wanted = remappedPath(options.workingDirectory, remap);
    // The engine enters the working directory as root; the supervisor's user may be unable to enter it again.
    const folder = wanted === process.cwd() ? undefined : wanted;
    const failed = (cause: unknown) => reject(cannotStart(options, folder, cause));
    let child: ChildProcess;
    try {
      child = withOwnLimits(options.addon, () =>
        spawn(remappedPath(program, remap), rest, {
          argv0: program,
          env: preloadableEnvironment(options),
          ...(folder === undefined ? {} : { cwd: folder }),
          stdio: stdio === 'inherit' ? stdio : [...stdio.guestEnds],
        }),
      );
    } catch (cause) {
      // Node reports only some errors of spawn() by an event, and throws the others.
      return failed(cause);
    }
    const exited = new Promise<ExitStatus>((settle) => {
      // The event is 'exit' and not 'close', as grandchildren may keep the pipes open for ever.
      child.once('exit', (code, signal) => settle({ code, signal }));
    });
    child.once('error', failed);
    child.once('spawn', () => resolve({ process: child, pid: child.pid ?? 0, exited }));
  });
  if (stdio !== 'inherit') stdio.closeGuestEnds();
  return started;
}
