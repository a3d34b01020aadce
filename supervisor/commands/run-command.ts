import { createLogger } from '../log/logger.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { messageOf } from '../published/message-of.ts';
import { LOG_VARIABLE } from '../published/node-config.ts';

/** `/opt/boxer/lib`: the bundles of the commands, and the native parts beside them. */
export const DIRECTORY = import.meta.dirname;

/** Shorter than the time that Docker gives a container before it kills it. Seconds. */
export const DRAIN = 5;

/** Returns the logger of this process, which follows BOXER_LOG. */
export const logOf = (role: string) => createLogger(process.env[LOG_VARIABLE], role);

/** Returns the guest's command line: what follows `boxer node --`. */
export function guestArgv(args: readonly string[]): readonly string[] {
  return args[0] === '--' ? args.slice(1) : args;
}

/** Aborts when the process is told to end. */
export function endingSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

function say(line: string): void {
  process.stderr.write(`boxer: ${line}\n`);
}

/**
 * Runs `command` with the arguments that follow its name, and ends the process with the exit code to which
 * it resolves. An error is printed, and its exit code is 125.
 */
export async function runCommand(command: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(3));
  } catch (error) {
    say(messageOf(error));
    if (error instanceof BoxerError && error.hint) say(error.hint);
    process.exitCode = 125;
  }
  // Connections that are still being taken down must not hold the exit back.
  process.exit();
}
