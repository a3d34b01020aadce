import { constants } from 'node:os';

/** How a guest ended, as wait(2) reports it: exactly one of the two fields is set. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * The exit code that Docker shows for a guest; for one that was killed by a signal, 128 plus the signal's
 * number.
 */
export function exitCodeOf({ code, signal }: ExitStatus): number {
  if (code !== null) return code;
  const numbers: Record<string, number> = constants.signals;
  return 128 + (signal === null ? 0 : (numbers[signal] ?? 0));
}
