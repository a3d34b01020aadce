import type { Launch } from '../launches/launch.ts';
import type { Renewal, Times } from '../launches/renewal/times.ts';
import { sleep, sleepUntil } from './sleep.ts';

/** Whoever has looked up a name has connected by then; ms. */
const SETTLE_MS = 1000;
/** Between the last signal and the guest's last word, ms. */
const LAST_WORD_MS = 1000;

export interface RetireOptions {
  readonly times: Times;
  readonly renewal: Renewal;
  /** Resolves when none of its connections is left that we know of. */
  readonly idle: () => Promise<void>;
  /** No time is left for connections to end by themselves. */
  readonly hurry: AbortSignal;
  /** The container is told to stop, and with it all of its guests. */
  readonly stopping: AbortSignal;
  readonly signal: AbortSignal;
}

/**
 * Ends a function that has a successor: its connections may end by themselves, then the guest gets its stop signal and its grace
 * period, then it is killed, all before Lambda does it. Resolves when it is gone.
 */
export async function retire(launch: Launch, options: RetireOptions): Promise<void> {
  const { times, renewal, idle, hurry, stopping, signal } = options;
  const over = new AbortController();
  void launch.gone.then(() => over.abort());
  const waiting = AbortSignal.any([over.signal, signal]);
  const hurried = AbortSignal.any([waiting, hurry, stopping]);
  try {
    const drained = Promise.race([idle(), sleepUntil(times.stopAt, hurried)]);
    await Promise.all([drained, sleep(SETTLE_MS, hurried)]);
    if (waiting.aborted) return;
    // Stopped with the container, it has been told already.
    if (!stopping.aborted) launch.stop(renewal.stopSignal);
    const grace = performance.now() + renewal.stopGracePeriod * 1000;
    await sleepUntil(Math.min(grace, times.endAt), waiting);
    if (waiting.aborted) return;
    launch.deliver('SIGKILL');
    await sleep(LAST_WORD_MS, waiting);
  } finally {
    // What it has printed is read to its end where it has said how it ended; otherwise there is nobody to say more.
    if (!over.signal.aborted) launch.end();
    await launch.outcome.catch(() => undefined);
  }
}
