import { type ExitStatus, exitCodeOf } from '../guest/exit-status.ts';
import type { Outcome } from './outcome.ts';

/** How long Lambda may take to report a function's end after the session broke. */
const OUTCOME_TIMEOUT_MS = 10_000;

/**
 * The outcome of a launch: the guest's exit status if the function has sent it, otherwise what Lambda reports
 * about the end of the function.
 */
export async function outcomeOf(
  session: Promise<unknown>,
  exit: Promise<ExitStatus | undefined>,
  invocation: Promise<Outcome>,
): Promise<Outcome> {
  const first = await Promise.race([
    exit.then((status) => ({ status })),
    invocation.then((outcome) => ({ outcome })),
  ]);
  if ('outcome' in first && first.outcome.duplicate) {
    // This is the answer of a duplicate invocation. The guest runs in the other function, if that one
    // connects.
    const status = await Promise.race([exit, after(OUTCOME_TIMEOUT_MS, session)]);
    return status ? ofGuest(status) : first.outcome;
  }
  if ('outcome' in first) {
    // The exit message was sent before the response ended, but over another connection, and may arrive a
    // moment later.
    const status = await Promise.race([
      exit,
      new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
    ]);
    return status ? ofGuest(status) : first.outcome;
  }
  if (first.status) return ofGuest(first.status);
  const late = new Promise<Outcome>((resolve) => {
    const lastLine = 'the function has disappeared, and Lambda does not report why';
    setTimeout(resolve, OUTCOME_TIMEOUT_MS, { exitCode: 137, lastLine }).unref();
  });
  return Promise.race([invocation, late]);
}

const ofGuest = (status: ExitStatus): Outcome => ({ exitCode: exitCodeOf(status), ofGuest: true });

/** Resolves after `ms`, unless the promise `unless` has resolved before. */
async function after(ms: number, unless: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  void unless.then(() => clearTimeout(timer));
  return promise;
}
