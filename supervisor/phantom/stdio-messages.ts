import * as z from 'zod/mini';

/** Message types between a function and its phantom: docs/control-network.md. */
export const Stdio = {
  stdout: 32,
  stderr: 33,
  exit: 34,
  signal: 35,
  stdin: 36,
  stdinEnd: 37,
  started: 38,
} as const;

export const exitMessage = z.object({ code: z.nullable(z.number()), signal: z.nullable(z.string()) });
export const signalMessage = z.object({ signal: z.string() });
