import { continueHandOver, handOverWakeAt } from './hand-over.ts';
import { continueRetirement, retirementWakeAt, withIdle } from './retirement.ts';
import type { Event, Facts, Retiring, Serving, State, Transition } from './state.ts';
import { continueSucceeding, startSucceeding, succeedingWakeAt } from './succeed.ts';

const NO_FACTS: Facts = {
  isGone: false,
  isEnded: false,
  isStopping: false,
  isHurried: false,
  isCancelled: false,
};

/** The first state of every function: it serves, or is being started. */
export const SERVING: Serving = { stage: 'serving', facts: NO_FACTS };

/**
 * The next state, and the actions to take, in their order. Pure: no clock, no randomness and no function is
 * used. The table in `transition.test.ts` describes all transitions. `now` is `performance.now()`.
 */
export function transition(state: State, event: Event, now: number): Transition {
  if (state.stage === 'ended') return { state, actions: [] };
  const informed = { ...state, facts: learn(state.facts, event) };
  switch (informed.stage) {
    case 'serving':
      return continueServing(informed, event, now);
    case 'succeeding':
      return continueSucceeding(informed, event, now);
    case 'handing-over':
      return continueHandOver(informed, event, now);
    case 'retiring':
      return continueRetiring(informed, event, now);
  }
}

/** When a `time` event is due, if no other event comes first; undefined: no `time` event is due. */
export function wakeAt(state: State): number | undefined {
  const at = nextMoment(state);
  return Number.isFinite(at) ? at : undefined;
}

function nextMoment(state: State): number {
  switch (state.stage) {
    case 'serving':
      return isRenewable(state.facts) && state.plan ? state.plan.times.renewAt : Number.POSITIVE_INFINITY;
    case 'succeeding':
      return succeedingWakeAt(state);
    case 'handing-over':
      return handOverWakeAt(state);
    case 'retiring':
      return retirementWakeAt(state.retirement, state.facts);
    case 'ended':
      return Number.POSITIVE_INFINITY;
  }
}

function learn(facts: Facts, event: Event): Facts {
  switch (event.type) {
    case 'gone':
      return { ...facts, isGone: true };
    case 'ended':
      return { ...facts, isGone: true, isEnded: true };
    case 'stopping':
      return { ...facts, isStopping: true };
    case 'hurried':
      return { ...facts, isHurried: true };
    case 'cancelled':
      return { ...facts, isCancelled: true };
    default:
      return facts;
  }
}

function isRenewable({ isStopping, isCancelled }: Facts): boolean {
  return !isStopping && !isCancelled;
}

function continueServing(state: Serving, event: Event, now: number): Transition {
  if (event.type === 'ended')
    return { state: { stage: 'ended', result: { kind: 'own-outcome' } }, actions: [] };
  // A function that connects late may have to be renewed at once. Its holder still learns of the connection
  // before that.
  if (event.type === 'connected') return { state: { ...state, plan: event.plan }, actions: [] };
  const { plan, facts } = state;
  if (plan && isRenewable(facts) && now >= plan.times.renewAt) return startSucceeding(plan, facts);
  return { state, actions: [] };
}

function continueRetiring(state: Retiring, event: Event, now: number): Transition {
  const { plan, facts, result } = state;
  const known = event.type === 'idle' ? withIdle(state.retirement) : state.retirement;
  const { retirement, actions } = continueRetirement(known, plan, facts, now);
  if (facts.isEnded) return { state: { stage: 'ended', result }, actions };
  return { state: { ...state, retirement }, actions };
}
