import { beginRetirement, continueRetirement, retirementWakeAt } from './retirement.ts';
import {
  type Action,
  type Attempt,
  andThen,
  type Event,
  type HandingOver,
  type HandOverStep,
  type Succeeding,
  type Transition,
} from './state.ts';

/** The pause in ms before the seed is told again, if it could not be told. */
const PAUSE_MS = 1000;

/** Begins the hand-over to a successor that is ready: the names pass to the successor. */
export function startHandOver(
  { facts, plan, retirement }: Succeeding,
  { number, naming }: Extract<Attempt, { step: 'starting' }>,
  now: number,
): Transition {
  const state: HandingOver = {
    stage: 'handing-over',
    facts,
    plan,
    attempt: number,
    step: { name: 'naming' },
    isSuccessorGone: false,
    retirement,
  };
  if (naming === 'told') return appear(state, now);
  return { state, actions: naming === 'asked' ? [] : [{ do: 'name-successor' }] };
}

export function continueHandOver(before: HandingOver, event: Event, now: number): Transition {
  const isSuccessorGone =
    before.isSuccessorGone || (event.type === 'successor-gone' && event.attempt === before.attempt);
  return andThen(retireFurther({ ...before, isSuccessorGone }, now), (state) => {
    switch (state.step.name) {
      case 'naming':
        return event.type === 'successor-named' && event.attempt === state.attempt
          ? endNaming(state, event.isTold, now)
          : { state, actions: [] };
      case 'pausing':
        return isOver(state, now) || now >= state.step.until
          ? goTo(state, { name: 'naming' }, { do: 'name-successor' })
          : { state, actions: [] };
      case 'appearing':
        return event.type === 'successor-visible' || isOver(state, now)
          ? withdraw(state)
          : { state, actions: [] };
      case 'withdrawing':
        return event.type === 'names-withdrawn' ? retire(state, now) : { state, actions: [] };
    }
  });
}

/** When a `time` event is due. */
export function handOverWakeAt({ step, plan, facts, retirement }: HandingOver): number {
  const retirementDue = retirement ? retirementWakeAt(retirement, facts) : Number.POSITIVE_INFINITY;
  switch (step.name) {
    case 'pausing':
      return Math.min(retirementDue, step.until, plan.times.stopAt);
    case 'appearing':
      return Math.min(retirementDue, plan.times.stopAt);
    default:
      return retirementDue;
  }
}

/** Continues the retirement of a function whose time was up before it had a successor. */
function retireFurther(state: HandingOver, now: number): Transition<HandingOver> {
  if (!state.retirement) return { state, actions: [] };
  const { retirement, actions } = continueRetirement(state.retirement, state.plan, state.facts, now);
  return { state: { ...state, retirement }, actions };
}

/** Whether the names may leave the function before the successor has them at every seed. */
function isOver({ facts, plan, isSuccessorGone }: HandingOver, now: number): boolean {
  return facts.isGone || facts.isCancelled || isSuccessorGone || now >= plan.times.stopAt;
}

function goTo(state: HandingOver, step: HandOverStep, action: Action): Transition<HandingOver> {
  return { state: { ...state, step }, actions: [action] };
}

function endNaming(state: HandingOver, isTold: boolean, now: number): Transition<HandingOver> {
  if (isTold) return appear(state, now);
  if (isOver(state, now)) return withdraw(state);
  return { state: { ...state, step: { name: 'pausing', until: now + PAUSE_MS } }, actions: [] };
}

/** Waits until the function's seed knows the successor: the two nodes may be at different seeds. */
function appear(state: HandingOver, now: number): Transition<HandingOver> {
  if (isOver(state, now)) return withdraw(state);
  return goTo(state, { name: 'appearing' }, { do: 'watch-for-successor' });
}

function withdraw(state: HandingOver): Transition<HandingOver> {
  return goTo(state, { name: 'withdrawing' }, { do: 'withdraw-names' });
}

function retire({ facts, plan, retirement: begun }: HandingOver, now: number): Transition {
  const { retirement, actions } = begun
    ? { retirement: begun, actions: [] }
    : beginRetirement(plan, facts, now);
  const result = { kind: 'succeeded' } as const;
  return {
    state: facts.isEnded
      ? { stage: 'ended', result }
      : { stage: 'retiring', facts, plan, retirement, result },
    actions: [{ do: 'install-successor' }, ...actions],
  };
}
