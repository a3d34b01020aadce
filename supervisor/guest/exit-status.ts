import { constants } from 'node:os';

/** How a guest ended, as wait(2) tells it: exactly one of the two is set. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The exit code that Docker shows for it: 128 + the signal's number for a guest that was killed. */
export function exitCodeOf({ code, signal }: ExitStatus): number {
  if (code !== null) return code;
  const numbers: Record<string, number> = constants.signals;
  return 128 + (signal === null ? 0 : (numbers[signal] ?? 0));
}
