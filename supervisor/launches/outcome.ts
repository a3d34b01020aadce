/**
 * How a launch ended: the exit code for the container, and a last line for its log where the exit code does
 * not explain itself.
 */
export interface Outcome {
  readonly exitCode: number;
  readonly lastLine?: string;
  /** The outcome belongs to a duplicate invocation. Another function runs the launch. */
  readonly duplicate?: true;
  /**
   * The guest has ended, by itself or by a signal. Otherwise the function ended while its guest ran, or
   * before it had a guest.
   */
  readonly ofGuest?: true;
}

/** Exit codes as timeout(1), the kernel and Docker use them. */
export const EXIT_TIMED_OUT = 124;
export const EXIT_CANNOT_START = 125;
export const EXIT_KILLED = 137;

/** Interprets the errors that Lambda reports when an environment ends without an answer of its supervisor. */
export function outcomeOfFailure(functionName: string, type: string, message: string): Outcome {
  const lastLine = `function ${functionName}: ${message || type}`;
  if (/timed out/i.test(message)) return { exitCode: EXIT_TIMED_OUT, lastLine };
  if (/OutOfMemory|ExitError|signal: killed|exited/i.test(`${type} ${message}`))
    return { exitCode: EXIT_KILLED, lastLine };
  return { exitCode: EXIT_CANNOT_START, lastLine };
}
