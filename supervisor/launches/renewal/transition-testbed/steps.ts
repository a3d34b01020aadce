import type { Action, Event, Plan, Result, State } from '../state.ts';

/** A function that is renewed from 100 s on, told to stop at 200 s, and ended at 210 s. */
export const plan: Plan = {
  times: { renewAt: 100_000, stopAt: 200_000, endAt: 210_000 },
  stop: { signal: 'SIGTERM', grace: 5000 },
};

export const connected: Event = { type: 'connected', plan };
export const time: Event = { type: 'time' };
export const gone: Event = { type: 'gone' };
export const stopping: Event = { type: 'stopping' };
export const hurried: Event = { type: 'hurried' };
export const cancelled: Event = { type: 'cancelled' };
export const idle: Event = { type: 'idle' };
export const visible: Event = { type: 'successor-visible' };
export const withdrawn: Event = { type: 'names-withdrawn' };
export const endedByGuest: Event = { type: 'ended', isByGuest: true };
export const endedByLambda: Event = { type: 'ended', isByGuest: false };
export const started = (attempt = 1): Event => ({ type: 'successor-started', attempt });
export const listening = (attempt = 1, isListening = true): Event => ({
  type: 'successor-listening',
  attempt,
  isListening,
});
export const named = (isTold = true, attempt = 1): Event => ({ type: 'successor-named', attempt, isTold });
export const successorGone = (attempt = 1): Event => ({ type: 'successor-gone', attempt });
export const failed = (attempt = 1, chance = 1): Event => ({
  type: 'successor-failed',
  attempt,
  why: 'Rate exceeded',
  chance,
});

/**
 * An event and its time in ms, with the expected stage, the expected actions, and when the next `time` event
 * is due.
 */
export type Step = readonly [
  at: number,
  event: Event,
  stage: State['stage'],
  actions: readonly (Action['do'] | `stop ${string}`)[],
  wakeAt?: number,
];

export const own: Result = { kind: 'own-outcome' };
export const succeeded: Result = { kind: 'succeeded' };
export const timedOut: Result = { kind: 'timed-out', why: 'Rate exceeded' };

export const connect: Step = [0, connected, 'serving', [], 100_000];
export const renew: Step = [100_000, time, 'succeeding', ['start-successor'], 200_000];
export const run: Step = [101_000, started(), 'succeeding', [], 200_000];
export const listen: Step = [102_000, listening(), 'handing-over', ['name-successor']];
export const name: Step = [102_001, named(), 'handing-over', ['watch-for-successor'], 200_000];
export const appear: Step = [102_002, visible, 'handing-over', ['withdraw-names']];
export const withdraw: Step = [
  102_010,
  withdrawn,
  'retiring',
  ['install-successor', 'watch-for-idle'],
  200_000,
];
/** The steps until a successor has taken over, while the function's own connections are still open. */
export const handedOver: readonly Step[] = [connect, renew, run, listen, name, appear, withdraw];
/** The steps until the time of a function is up while its first successor is still being started. */
export const late: readonly Step[] = [connect, renew, [200_000, time, 'succeeding', [], 201_000]];

/** The steps of a function's life, and the result at its end. */
export type Case = readonly [title: string, steps: readonly Step[], result?: Result];
