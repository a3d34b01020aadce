/** How a launch ended: what the container exits with, and the last line for its log where there is something to say. */
export interface Outcome {
  readonly exitCode: number;
  readonly lastLine?: string;
  /** It is the outcome of an invocation too many: the launch itself is another function's. */
  readonly duplicate?: true;
  /** The guest has ended by itself, or by a signal; otherwise the function has gone from under it, or never had one. */
  readonly ofGuest?: true;
}

/** Exit codes as timeout(1), the kernel and Docker use them. */
export const EXIT_TIMED_OUT = 124;
export const EXIT_CANNOT_START = 125;
export const EXIT_KILLED = 137;

/** Reads Lambda's words for the ways in which an environment ends without our supervisor's answer. */
export function outcomeOfFailure(functionName: string, type: string, message: string): Outcome {
  const lastLine = `function ${functionName}: ${message || type}`;
  if (/timed out/i.test(message)) return { exitCode: EXIT_TIMED_OUT, lastLine };
  if (/OutOfMemory|ExitError|signal: killed|exited/i.test(`${type} ${message}`))
    return { exitCode: EXIT_KILLED, lastLine };
  return { exitCode: EXIT_CANNOT_START, lastLine };
}
