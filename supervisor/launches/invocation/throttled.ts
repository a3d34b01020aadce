import { setTimeout as delay } from 'node:timers/promises';
import { pauseBefore } from '../../control/backoff.ts';
import { BoxerError } from '../../published/boxer-error.ts';

interface ThrottleOptions {
  /** The subject of the log lines, such as `function shop-api`. */
  readonly what: string;
  /** Takes a log line for every attempt that was throttled. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** ms; settable for tests, which have less time. */
  readonly first?: number | undefined;
  readonly longest?: number | undefined;
  readonly total?: number | undefined;
}

/**
 * The pause between attempts doubles each time. Its length is random between half of that and all of it, so
 * that a hundred replicas do not repeat their requests at once. ms
 */
const FIRST = 500;
const LONGEST = 30_000;
/**
 * After this time the error is reported, ms: the account's concurrency may be lower than the number of
 * replicas.
 */
const TOTAL = 600_000;

/**
 * Errors after which Lambda has started nothing. EC2ThrottledException: Lambda's own calls to EC2 were
 * throttled.
 */
const THROTTLED =
  /^(TooManyRequestsException|EC2ThrottledException|Throttling(Exception)?|RequestLimitExceeded)$/;

/**
 * Sends a request again while Lambda throttles it. Throttling is the only error after which a second request
 * cannot start a second function. Rejects with BoxerError THROTTLED after ten minutes, with the signal's
 * reason, or with any other error of `send`.
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
      const pause = Math.max(Math.min(asked, longest), pauseBefore(attempt - 1, { first, longest }));
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

/** The limit that was exceeded, as Lambda names it. */
function reasonOf(error: Error): string {
  const reason: unknown = Reflect.get(error, 'Reason');
  return typeof reason === 'string' ? reason : error.message || error.name;
}
