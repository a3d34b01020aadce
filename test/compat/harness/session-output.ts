/** How one check of a session ended. Only a comparison knows checks that are `missing`. */
export type Outcome = 'passed' | 'failed' | 'skipped';

export interface Check {
  readonly name: string;
  readonly outcome: Outcome;
  /** The lines that the session printed about the check, without their "# ". */
  readonly detail: readonly string[];
}

export interface SessionOutput {
  readonly checks: readonly Check[];
  /** Whether the session ran to its last line. */
  readonly finished: boolean;
}

const OUTCOMES: Readonly<Record<string, Outcome>> = { ok: 'passed', 'not ok': 'failed', skip: 'skipped' };

/**
 * Reads the output of a session: lines "ok - NAME", "not ok - NAME" and "skip - NAME", each followed by any
 * number of lines "# DETAIL", and "end of session" at the end. Other lines come from the programs themselves
 * and are ignored. A repeated name gets a number, so that names are unique.
 */
export function parseSession(text: string): SessionOutput {
  const checks: { name: string; outcome: Outcome; detail: string[] }[] = [];
  const seen = new Map<string, number>();
  let finished = false;
  for (const line of text.split('\n')) {
    const [, word = '', name = ''] = /^(ok|not ok|skip) - (.*\S)/.exec(line) ?? [];
    const outcome = OUTCOMES[word];
    if (outcome) {
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      checks.push({ name: times === 1 ? name : `${name} (${times})`, outcome, detail: [] });
    } else if (line.startsWith('# ')) checks.at(-1)?.detail.push(line.slice(2));
    else if (line.trim() === 'end of session') finished = true;
  }
  return { checks, finished };
}

export const count = (checks: readonly Check[], outcome: Outcome): number =>
  checks.filter((check) => check.outcome === outcome).length;
