import { setTimeout as delay } from 'node:timers/promises';
import { BoxerError } from '../../published/boxer-error.ts';

interface ThrottleOptions {
  /** What is asked for, for the log. */
  readonly what: string;
  /** Takes a line for every attempt that was throttled. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** ms; a test has less time. */
  readonly first?: number | undefined;
  readonly longest?: number | undefined;
  readonly total?: number | undefined;
}

/** Pauses between attempts: doubled each time, between half and all of it by chance, so that a hundred replicas do not come again at once. */
const FIRST = 500;
const LONGEST = 30_000;
/** After so long, ms, somebody has to look: the concurrency may be less than the replicas. */
const TOTAL = 600_000;

/** Lambda has started nothing. The second: its own calls to EC2 were throttled. */
const THROTTLED =
  /^(TooManyRequestsException|EC2ThrottledException|Throttling(Exception)?|RequestLimitExceeded)$/;

/**
 * Sends a request again while Lambda throttles it, which is the one answer after which that cannot start anything twice. Rejects with BoxerError THROTTLED after ten minutes of it, the signal's reason, and whatever else `send`
 * rejects with.
 */
export async function whileThrottled<T>(
  send: () => Promise<T>,
  { what, say, signal, first = FIRST, longest = LONGEST, total = TOTAL }: ThrottleOptions,
): Promise<T> {
  const end = Date.now() + total;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Error) || !THROTTLED.test(error.name)) throw error;
      const why = reasonOf(error);
      const asked = 1000 * (Number(Reflect.get(error, 'retryAfterSeconds')) || 0);
      const doubled = Math.min(longest, first * 2 ** Math.min(attempt - 1, 20));
      const pause = Math.max(Math.min(asked, longest), doubled * (0.5 + Math.random() / 2));
      if (Date.now() + pause > end) {
        throw new BoxerError('THROTTLED', `${what}: Lambda has throttled it ${attempt} times (${why})`, {
          hint: 'Scale down, raise x-boxer.concurrency, or ask AWS for more concurrency.',
          cause: error,
        });
      }
      say(`${what}: Lambda throttles (${why}); attempt ${attempt + 1} in ${(pause / 1000).toFixed(1)} s`);
      await delay(pause, undefined, { signal }).catch((aborted: unknown) => {
        throw signal.reason ?? aborted;
      });
    }
  }
}

/** Lambda says which limit it was. */
function reasonOf(error: Error): string {
  const reason: unknown = Reflect.get(error, 'Reason');
  return typeof reason === 'string' ? reason : error.message || error.name;
}
