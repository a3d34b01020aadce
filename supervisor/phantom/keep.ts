import type { Launch } from '../launches/launch.ts';
import { EXIT_TIMED_OUT, type Outcome } from '../launches/outcome.ts';
import { type Renewal, type Times, timesOf } from '../launches/renewal/times.ts';
import type { Front } from './front.ts';
import type { Input } from './lend-input.ts';
import { retire } from './retire.ts';
import { sleepUntil } from './sleep.ts';
import { handOver, succeed } from './succeed.ts';

export interface KeepOptions {
  readonly start: (duty: 'active' | 'standby') => Launch;
  readonly front: Front;
  readonly input: Input;
  /** Undefined: a function is not renewed. */
  readonly renewal: Renewal | undefined;
  /** Aborts when the container is told to stop: nothing is renewed from then on. */
  readonly stopping: AbortSignal;
  readonly say: (line: string) => void;
  readonly debug: (line: string) => void;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/**
 * Keeps a guest running in one function after another, of which each takes over before the last one ends. Resolves with the outcome of the
 * guest that ended by itself, or of the function that went without a successor.
 */
export async function keep(first: Launch, options: KeepOptions): Promise<Outcome> {
  const retiring = new Set<Promise<void>>();
  const hurry = new AbortController();
  let current = first;
  try {
    await present(current, options);
    for (;;) {
      const next = await nextOf(current, options, retiring, hurry.signal);
      if ('exitCode' in next) return next;
      current = next;
    }
  } finally {
    // What is left of those before has its grace period, too.
    hurry.abort();
    await Promise.all(retiring);
  }
}

/** Gives the launch our ports and our input. */
async function present(launch: Launch, { front, input }: KeepOptions): Promise<void> {
  const joined = await launch.joined.catch(() => undefined);
  if (!joined) return;
  front.show(joined);
  void Promise.all([launch.session, launch.started]).then(
    ([session]) => input.give(session),
    () => undefined,
  );
}

async function nextOf(
  old: Launch,
  options: KeepOptions,
  retiring: Set<Promise<void>>,
  hurry: AbortSignal,
): Promise<Launch | Outcome> {
  const { renewal, stopping, front, start, say, debug, signal } = options;
  if (!renewal) return old.outcome;
  const stop = new AbortController();
  const ended = old.outcome.then(
    () => stop.abort(),
    () => stop.abort(),
  );
  const wanted = AbortSignal.any([stopping, stop.signal, signal]);
  await Promise.race([old.session, ended]);
  // Its time may begin anew as long as it has not called: the function is made first where it is missing.
  const times = timesOf(old.invokedAt(), renewal, Math.random());
  await sleepUntil(times.renewAt, wanted);
  if (wanted.aborted) return old.outcome;

  const [id, joined] = await old.joined.then((one) => [one.overlay.nodeId, one] as const);
  debug(`node-${id} is about to be renewed`);
  let retired: Promise<void> | undefined;
  const retireOld = () => {
    if (retired) return;
    const idle = () => front.idle(joined);
    const ending = retire(old, { times, renewal, idle, hurry, stopping, signal }).then(() => {
      retiring.delete(ending);
      debug(`node-${id} has ended`);
    });
    retired = ending;
    retiring.add(ending);
  };
  /** A guest that ends by itself is not renewed; one whose function dies under it, or that we have told to end, is. */
  const own = new AbortController();
  void old.outcome.then(
    ({ ofGuest }) => void (ofGuest && !retired && own.abort()),
    () => undefined,
  );
  const launches: Launch[] = [];
  const next = await succeed(old, {
    ...{ times, say },
    start: () => {
      const launch = start('standby');
      launches.push(launch);
      return launch;
    },
    onLate: retireOld,
    signal: AbortSignal.any([stopping, own.signal, signal]),
  });
  // The container may live for months: what waits for its end, and with it for this one's, is let go.
  own.abort();
  if (next && 'deliver' in next) {
    await takeOver(next, old, times, options);
    retireOld();
    debug(`node-${(await next.joined).overlay.nodeId} has taken over from node-${id}`);
    return next;
  }
  // Stopped with it, or of no use any more.
  if (!stopping.aborted) for (const launch of launches) launch.end();
  if (!next || !retired) return old.outcome;
  await retired;
  const lastLine = `the time of this function is up, and no successor has started: ${next.failure}`;
  return { exitCode: EXIT_TIMED_OUT, lastLine };
}

async function takeOver(next: Launch, old: Launch, times: Times, options: KeepOptions): Promise<void> {
  await handOver(next, old, times, options.signal);
  await present(next, options);
}
