import { type ExitStatus, exitCodeOf } from '../guest/exit-status.ts';
import type { Outcome } from './outcome.ts';

/** After the session broke, Lambda still has to notice and say why. */
const OUTCOME_TIMEOUT_MS = 10_000;

/** The guest's own exit status if it came; else what Lambda says about the function's end. */
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
    // The answer is that of an invocation too many: the guest is the other one's, if that comes.
    const status = await Promise.race([exit, after(OUTCOME_TIMEOUT_MS, session)]);
    return status ? ofGuest(status) : first.outcome;
  }
  if ('outcome' in first) {
    // The exit message was sent before the response ended, but over another connection: let it arrive.
    const status = await Promise.race([
      exit,
      new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
    ]);
    return status ? ofGuest(status) : first.outcome;
  }
  if (first.status) return ofGuest(first.status);
  const late = new Promise<Outcome>((resolve) => {
    const lastLine = 'the function has gone, and Lambda does not say why';
    setTimeout(resolve, OUTCOME_TIMEOUT_MS, { exitCode: 137, lastLine }).unref();
  });
  return Promise.race([invocation, late]);
}

const ofGuest = (status: ExitStatus): Outcome => ({ exitCode: exitCodeOf(status), ofGuest: true });

/** Resolves after `ms`, if `unless` has not by then. */
async function after(ms: number, unless: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  void unless.then(() => clearTimeout(timer));
  return promise;
}
