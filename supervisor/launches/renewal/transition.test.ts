import { describe, expect, test } from '@jest/globals';
import type { Action, State } from './state.ts';
import { SERVING, transition, wakeAt } from './transition.ts';
import { endings } from './transition-testbed/endings.ts';
import {
  cancelled,
  connected,
  failed,
  gone,
  hurried,
  named,
  own,
  stopping,
  time,
} from './transition-testbed/steps.ts';
import { succession } from './transition-testbed/succession.ts';

const table = [...succession, ...endings];

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
