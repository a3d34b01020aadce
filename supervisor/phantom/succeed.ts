import { describeFailure } from '../control/control-error.ts';
import type { Overlay } from '../membership/join.ts';
import type { Launch } from './launch.ts';
import { sleep, sleepUntil } from './sleep.ts';
import type { Times } from './times.ts';

/** Between attempts to start a successor, ms: at first, and at last. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export interface SuccessionOptions {
  readonly times: Times;
  /** A launch that stands by. */
  readonly start: () => Launch;
  /** The time of the old one is up, and no successor is there. */
  readonly onLate: () => void;
  readonly say: (line: string) => void;
  /** Aborts when there shall be no successor. */
  readonly signal: AbortSignal;
}

/** Resolves when `condition` holds for the members, or with `signal`. */
async function untilMembers(
  overlay: Overlay,
  condition: (overlay: Overlay) => boolean,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || condition(overlay)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = () => void (condition(overlay) && resolve());
  const unsubscribe = overlay.onChange(check);
  const abort = () => resolve();
  signal.addEventListener('abort', abort, { once: true });
  await promise;
  signal.removeEventListener('abort', abort);
  unsubscribe();
}

const portsOf = (overlay: Overlay, id: number) => overlay.members().get(id)?.ports ?? [];

/** Resolves when the guest of `next` runs and, as long as that of `old` can be waited for, listens where that listens. */
async function ready(next: Launch, old: Launch, times: Times, signal: AbortSignal): Promise<void> {
  const [{ overlay }, oldId] = await Promise.all([next.joined, old.joined.then((one) => one.overlay.nodeId)]);
  await next.started;
  const enough = new AbortController();
  const abort = () => enough.abort();
  void Promise.race([old.gone, sleepUntil(times.stopAt, AbortSignal.any([signal, enough.signal]))]).then(
    abort,
  );
  const listens = (members: Overlay) => {
    const ports = portsOf(members, members.nodeId);
    return portsOf(members, oldId).every((port) => ports.includes(port));
  };
  await untilMembers(overlay, listens, AbortSignal.any([signal, enough.signal]));
  abort();
}

/** Why a launch did not come to run its guest. */
const failureOf = (launch: Launch): Promise<string> =>
  launch.outcome.then(
    ({ lastLine, exitCode }) => lastLine ?? `it ended with exit code ${exitCode}`,
    (error: unknown) => describeFailure(error).message,
  );

/**
 * Starts a successor, again where it fails, as long as there is time. Resolves to it when it can take over; to why there is none; or to undefined, with `signal`.
 * The caller ends what it has started.
 */
export async function succeed(
  old: Launch,
  { times, start, onLate, say, signal }: SuccessionOptions,
): Promise<Launch | { readonly failure: string } | undefined> {
  const late = new AbortController();
  const over = new AbortController();
  void sleepUntil(times.stopAt, AbortSignal.any([signal, over.signal])).then(() => {
    if (signal.aborted || over.signal.aborted) return;
    late.abort();
    onLate();
  });
  void old.gone.then(() => late.abort());
  try {
    return await tryUntil(late.signal, over.signal);
  } finally {
    over.abort();
  }

  async function tryUntil(late: AbortSignal, over: AbortSignal) {
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const next = start();
      // Nobody else has the names then.
      void old.gone.then(() => {
        if (!over.aborted) next.setDuty('active').catch(() => undefined);
      });
      const became = ready(next, old, times, signal).then(() => next);
      became.catch(() => undefined);
      const found = await Promise.race([became, failureOf(next), aborted]).catch(() => failureOf(next));
      if (signal.aborted) return undefined;
      if (typeof found !== 'string') return found;
      next.end();
      if (late.aborted) return { failure: found };
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
      say(`a successor for this function does not start: ${found}; again in ${Math.ceil(wait / 1000)} s`);
      await sleep(wait, AbortSignal.any([signal, late]));
      if (late.aborted) return { failure: found };
    }
    return undefined;
  }
}

/** Lets `next` be found by the names of `old`, which is found by them until then. Does not give up before the time of `old` is up. */
export async function handOver(next: Launch, old: Launch, times: Times, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  void Promise.race([
    old.gone,
    next.gone,
    sleepUntil(times.stopAt, AbortSignal.any([signal, over.signal])),
  ]).then(() => over.abort());
  const until = AbortSignal.any([signal, over.signal]);
  for (;;) {
    const told = await next.setDuty('active').then(
      () => true,
      () => false,
    );
    if (told || until.aborted) break;
    await sleep(FIRST_WAIT_MS, until);
  }
  const [{ overlay }, id] = await Promise.all([old.joined, next.joined.then((one) => one.overlay.nodeId)]);
  // Where they are at two seeds, the one of the old has to know as well.
  await untilMembers(overlay, (members) => members.members().get(id)?.state === 'up', until);
  over.abort();
  await old.setDuty('draining').catch(() => undefined);
}
