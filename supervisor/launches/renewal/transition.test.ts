import { describe, expect, test } from '@jest/globals';
import type { Action, Event, Plan, Result, State } from './state.ts';
import { SERVING, transition, wakeAt } from './transition.ts';

/** A function that is renewed from 100 s on, told to stop at 200 s, and ended at 210 s. */
const plan: Plan = {
  times: { renewAt: 100_000, stopAt: 200_000, endAt: 210_000 },
  stop: { signal: 'SIGTERM', grace: 5000 },
};

const connected: Event = { type: 'connected', plan };
const time: Event = { type: 'time' };
const gone: Event = { type: 'gone' };
const stopping: Event = { type: 'stopping' };
const hurried: Event = { type: 'hurried' };
const cancelled: Event = { type: 'cancelled' };
const idle: Event = { type: 'idle' };
const visible: Event = { type: 'successor-visible' };
const withdrawn: Event = { type: 'names-withdrawn' };
const endedByGuest: Event = { type: 'ended', isByGuest: true };
const endedByLambda: Event = { type: 'ended', isByGuest: false };
const started = (attempt = 1): Event => ({ type: 'successor-started', attempt });
const listening = (attempt = 1, isListening = true): Event => ({
  type: 'successor-listening',
  attempt,
  isListening,
});
const named = (isTold = true, attempt = 1): Event => ({ type: 'successor-named', attempt, isTold });
const successorGone = (attempt = 1): Event => ({ type: 'successor-gone', attempt });
const failed = (attempt = 1, chance = 1): Event => ({
  type: 'successor-failed',
  attempt,
  why: 'Rate exceeded',
  chance,
});

/**
 * An event and its time in ms, with the expected stage, the expected actions, and when the next `time` event
 * is due.
 */
type Step = readonly [
  at: number,
  event: Event,
  stage: State['stage'],
  actions: readonly (Action['do'] | `stop ${string}`)[],
  wakeAt?: number,
];

const own: Result = { kind: 'own-outcome' };
const succeeded: Result = { kind: 'succeeded' };
const timedOut: Result = { kind: 'timed-out', why: 'Rate exceeded' };

const connect: Step = [0, connected, 'serving', [], 100_000];
const renew: Step = [100_000, time, 'succeeding', ['start-successor'], 200_000];
const run: Step = [101_000, started(), 'succeeding', [], 200_000];
const listen: Step = [102_000, listening(), 'handing-over', ['name-successor']];
const name: Step = [102_001, named(), 'handing-over', ['watch-for-successor'], 200_000];
const appear: Step = [102_002, visible, 'handing-over', ['withdraw-names']];
const withdraw: Step = [102_010, withdrawn, 'retiring', ['install-successor', 'watch-for-idle'], 200_000];
/** The steps until a successor has taken over, while the function's own connections are still open. */
const handedOver: readonly Step[] = [connect, renew, run, listen, name, appear, withdraw];
/** The steps until the time of a function is up while its first successor is still being started. */
const late: readonly Step[] = [connect, renew, [200_000, time, 'succeeding', [], 201_000]];

const table: readonly (readonly [title: string, steps: readonly Step[], result?: Result])[] = [
  [
    'a function that is not renewed serves until its own end',
    [
      [0, stopping, 'serving', []],
      [500_000, gone, 'serving', []],
      [500_001, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'a function that connects after its renewal was due is renewed at once, by a separate time event',
    [
      [150_000, connected, 'serving', [], 100_000],
      [150_000, time, 'succeeding', ['start-successor'], 200_000],
    ],
  ],
  [
    'names pass to a successor that listens, and then the idle function is stopped and ends',
    [
      ...handedOver,
      [102_500, idle, 'retiring', [], 103_010],
      [103_010, time, 'retiring', ['stop SIGTERM'], 108_010],
      [104_000, gone, 'retiring', []],
      [104_001, endedByGuest, 'ended', []],
    ],
    succeeded,
  ],
  [
    'a guest that ignores its stop signal is killed after its grace period, and its function 1 s later',
    [
      ...handedOver,
      [103_500, idle, 'retiring', ['stop SIGTERM'], 108_500],
      [108_499, time, 'retiring', [], 108_500],
      [108_500, time, 'retiring', ['kill'], 109_500],
      [109_500, time, 'retiring', ['end']],
      [109_501, endedByLambda, 'ended', []],
    ],
    succeeded,
  ],
  [
    'a function waits for its connections until its grace period has to begin',
    [
      ...handedOver,
      [199_999, time, 'retiring', [], 200_000],
      [200_000, time, 'retiring', ['stop SIGTERM'], 205_000],
    ],
  ],
  [
    'a successor takes over when it listens on the ports of the function',
    [
      connect,
      renew,
      run,
      [102_000, listening(1, false), 'succeeding', [], 200_000],
      [103_000, listening(), 'handing-over', ['name-successor']],
    ],
  ],
  [
    'a successor that listens does not take over before its guest is known to run',
    [connect, renew, [101_000, listening(), 'succeeding', [], 200_000]],
  ],
  [
    'a successor that runs but does not listen takes over when the time of the function is up',
    [
      connect,
      renew,
      run,
      [200_000, time, 'handing-over', ['name-successor'], 201_000],
      [200_010, named(), 'handing-over', ['withdraw-names'], 201_000],
      [200_020, withdrawn, 'retiring', ['install-successor'], 201_000],
      [201_000, time, 'retiring', ['stop SIGTERM'], 206_000],
    ],
  ],
  [
    'a successor that starts after the function has been told to stop takes over at once',
    [
      ...late,
      [201_000, time, 'succeeding', ['stop SIGTERM'], 206_000],
      [202_000, endedByGuest, 'succeeding', ['name-successor']],
      [203_000, named(), 'succeeding', []],
      [204_000, started(), 'handing-over', ['withdraw-names']],
      [204_001, withdrawn, 'ended', ['install-successor']],
    ],
    succeeded,
  ],
  [
    'a function whose successors all fail is stopped when its time is up, with the result timed-out',
    [
      ...late,
      [200_500, failed(), 'retiring', ['end-successor'], 201_000],
      [201_000, time, 'retiring', ['stop SIGTERM'], 206_000],
      [202_000, endedByGuest, 'ended', []],
    ],
    timedOut,
  ],
  [
    'pauses between attempts double, and the last one ends when the time of the function is up',
    [
      connect,
      renew,
      [101_000, failed(1), 'succeeding', ['end-successor', 'report'], 102_000],
      [102_000, time, 'succeeding', ['start-successor'], 200_000],
      [103_000, failed(2), 'succeeding', ['end-successor', 'report'], 105_000],
      [105_000, time, 'succeeding', ['start-successor'], 200_000],
      [199_000, failed(3), 'succeeding', ['end-successor', 'report'], 200_000],
      [200_000, time, 'retiring', [], 201_000],
    ],
  ],
  [
    'chance shortens a pause by up to half',
    [connect, renew, [101_000, failed(1, 0), 'succeeding', ['end-successor', 'report'], 101_500]],
  ],
  [
    'events about the successor of a failed attempt do not affect the next attempt',
    [
      connect,
      renew,
      [101_000, failed(1), 'succeeding', ['end-successor', 'report'], 102_000],
      [102_000, time, 'succeeding', ['start-successor'], 200_000],
      [102_001, started(1), 'succeeding', [], 200_000],
      [102_002, listening(1), 'succeeding', [], 200_000],
      [102_003, failed(1), 'succeeding', [], 200_000],
      [102_004, started(2), 'succeeding', [], 200_000],
      [102_005, listening(2), 'handing-over', ['name-successor']],
      [102_006, successorGone(1), 'handing-over', []],
      [102_007, named(false, 2), 'handing-over', [], 103_007],
    ],
  ],
  [
    'the successor of a function that died gets the names at once, and takes over when its guest runs',
    [
      connect,
      renew,
      [101_000, gone, 'succeeding', ['name-successor'], 200_000],
      [101_500, endedByLambda, 'succeeding', [], 200_000],
      [102_000, named(), 'succeeding', [], 200_000],
      [103_000, started(), 'handing-over', ['withdraw-names']],
      [103_001, withdrawn, 'ended', ['install-successor']],
    ],
    succeeded,
  ],
  [
    'a successor that is ready before the seed has answered about its names takes over after the answer',
    [
      connect,
      renew,
      [101_000, gone, 'succeeding', ['name-successor'], 200_000],
      [102_000, started(), 'handing-over', []],
      [102_001, named(), 'handing-over', ['withdraw-names']],
    ],
  ],
  [
    'if the function and its successor die, the result is the outcome of the function',
    [
      connect,
      renew,
      [101_000, gone, 'succeeding', ['name-successor'], 200_000],
      [102_000, failed(), 'serving', ['end-successor']],
      [103_000, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'a function that dies between two attempts has no successor',
    [
      connect,
      renew,
      [101_000, failed(), 'succeeding', ['end-successor', 'report'], 102_000],
      [101_500, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'a guest that ends by itself has no successor, even if one is being started',
    [connect, renew, run, [102_000, endedByGuest, 'ended', ['end-successor']]],
    own,
  ],
  [
    'a holder that stops starts no successor',
    [connect, [50_000, stopping, 'serving', []], [100_000, time, 'serving', []]],
  ],
  [
    'if the holder stops, the successor that is being started is not ended: it has received the signal too',
    [connect, renew, run, [102_000, stopping, 'serving', []], [103_000, endedByGuest, 'ended', []]],
    own,
  ],
  [
    'if the holder stops, a function that retires is killed after its grace period, without a second signal',
    [
      ...handedOver,
      [103_000, stopping, 'retiring', [], 108_000],
      [108_000, time, 'retiring', ['kill'], 109_000],
    ],
  ],
  [
    'if the holder stops, a function whose time is up ends with its own outcome',
    [...late, [200_100, stopping, 'retiring', [], 205_100], [201_000, endedByGuest, 'ended', []]],
    own,
  ],
  [
    'a hand-over continues while the holder stops: the exit code is that of the guest to which names lead',
    [
      connect,
      renew,
      run,
      listen,
      [102_001, stopping, 'handing-over', []],
      [102_002, named(), 'handing-over', ['watch-for-successor'], 200_000],
      [102_003, visible, 'handing-over', ['withdraw-names']],
      [102_004, withdrawn, 'retiring', ['install-successor'], 107_004],
    ],
  ],
  [
    'a seed that could not be told of the successor is told again after 1 s',
    [
      connect,
      renew,
      run,
      listen,
      [103_000, named(false), 'handing-over', [], 104_000],
      [104_000, time, 'handing-over', ['name-successor']],
      [104_001, named(), 'handing-over', ['watch-for-successor'], 200_000],
    ],
  ],
  [
    'a hand-over does not wait for a visible successor once the time of the function is up',
    [
      ...[connect, renew, run, listen, name],
      [200_000, time, 'handing-over', ['withdraw-names']],
      [200_001, withdrawn, 'retiring', ['install-successor'], 201_001],
    ],
  ],
  [
    'a hand-over does not wait for a visible successor that is gone',
    [
      ...[connect, renew, run, listen, name],
      [103_000, successorGone(), 'handing-over', ['withdraw-names']],
      [103_001, withdrawn, 'retiring', ['install-successor', 'watch-for-idle'], 200_000],
      [103_002, gone, 'retiring', []],
    ],
  ],
  [
    'if the function goes while the seed is away, the seed is told once more',
    [
      connect,
      renew,
      run,
      listen,
      [103_000, named(false), 'handing-over', [], 104_000],
      [103_100, gone, 'handing-over', ['name-successor']],
      [103_200, named(false), 'handing-over', ['withdraw-names']],
    ],
  ],
  [
    'a function does not wait for its connections if its holder waits for nothing but its end',
    [...handedOver, [102_100, hurried, 'retiring', ['stop SIGTERM'], 107_100]],
  ],
  [
    'cancellation ends the successor that is being started',
    [
      connect,
      renew,
      [101_000, cancelled, 'serving', ['end-successor']],
      [101_001, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'cancellation at once ends a function that retires',
    [...handedOver, [103_000, cancelled, 'retiring', ['end']], [103_001, endedByLambda, 'ended', []]],
    succeeded,
  ],
];

const shown = (action: Action) => (action.do === 'stop' ? `stop ${action.signal}` : action.do);

describe('the renewal of a function', () => {
  test.each(table.map(([title, steps, result]) => ({ title, steps, result })))(
    '$title',
    ({ steps, result }) => {
      let state: State = SERVING;
      for (const [index, [now, event, ...expected]] of steps.entries()) {
        const next = transition(state, event, now);
        state = next.state;
        const [stage, actions, due] = expected;
        expect([index, state.stage, next.actions.map(shown), wakeAt(state)]).toEqual([
          index,
          stage,
          actions,
          due,
        ]);
      }
      if (result) expect(state).toEqual({ stage: 'ended', result });
    },
  );

  test('a second time event at the same moment changes nothing, so the holder’s timer never spins', () => {
    for (const [, steps] of table) {
      let state: State = SERVING;
      for (const [now, event] of steps) {
        state = transition(state, event, now).state;
        const { state: rested } = transition(state, time, now);
        expect(wakeAt(rested) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
        expect(transition(rested, time, now)).toEqual({ state: rested, actions: [] });
      }
    }
  });

  test('nothing happens to a function that has ended', () => {
    const ended: State = { stage: 'ended', result: own };
    for (const event of [time, stopping, hurried, cancelled, gone, failed(), named()])
      expect(transition(ended, event, 0)).toEqual({ state: ended, actions: [] });
  });

  test('a pause between attempts is reported with its cause and its length', () => {
    const { state } = transition(transition(SERVING, connected, 0).state, time, 100_000);
    const { actions } = transition(state, failed(1, 0.2), 100_001);
    const line = 'a successor for this function does not start: Rate exceeded; again in 1 s';
    expect(actions).toContainEqual({ do: 'report', line });
  });
});
