import type { KnownDifference } from './known-differences.ts';
import type { Outcome, SessionOutput } from './session-output.ts';

/** One check that ended differently natively and boxed. */
export interface Difference {
  readonly check: string;
  readonly native: Outcome | 'missing';
  readonly boxed: Outcome | 'missing';
  /** The cause that the file of known differences gives; undefined if the file does not list the check. */
  readonly cause: string | undefined;
  /** The details that the session printed about the check where it did not pass. */
  readonly detail: readonly string[];
}

/** The name of the check that passes if the session reaches its last line. */
export const END = 'the session reaches its end';

/** Lists the checks that ended differently, with their causes if those are known. */
export function compareSessions(
  native: SessionOutput,
  boxed: SessionOutput,
  known: readonly KnownDifference[],
): Difference[] {
  const outcomes = (session: SessionOutput) =>
    new Map<string, Outcome>([
      ...session.checks.map((check) => [check.name, check.outcome] as const),
      [END, session.finished ? 'passed' : 'failed'],
    ]);
  const detailOf = (session: SessionOutput, name: string) =>
    session.checks.find((check) => check.name === name && check.outcome !== 'passed')?.detail ?? [];
  const [left, right] = [outcomes(native), outcomes(boxed)];
  return (
    [...new Set([...left.keys(), ...right.keys()])]
      // A session that breaks off natively has shown nothing, so that counts as a difference too.
      .filter((name) => left.get(name) !== right.get(name) || (name === END && !native.finished))
      .map((name) => ({
        check: name,
        native: left.get(name) ?? 'missing',
        boxed: right.get(name) ?? 'missing',
        cause: known.find((difference) => difference.matches(name))?.cause,
        detail: [...detailOf(native, name), ...detailOf(boxed, name)],
      }))
  );
}
