import type { KnownDifference } from './known-differences.ts';
import type { Outcome, SessionOutput } from './session-output.ts';

/** One check that did not end the same way. */
export interface Difference {
  readonly check: string;
  readonly native: Outcome | 'missing';
  readonly boxed: Outcome | 'missing';
  /** From the file of known differences; undefined where nobody has explained it. */
  readonly cause: string | undefined;
  /** What the side that failed said. */
  readonly detail: readonly string[];
}

/** The check that stands for a session's reaching its end. */
export const END = 'the session reaches its end';

/** Lists the checks that ended differently, with their causes where those are known. */
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
      // A session that breaks off natively is a mistake of the session: it has shown nothing.
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
