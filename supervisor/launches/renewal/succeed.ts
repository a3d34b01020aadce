import { pauseBefore } from '../../control/backoff.ts';
import { startHandOver } from './hand-over.ts';
import { beginRetirement, continueRetirement, retirementWakeAt } from './retirement.ts';
import {
  type Action,
  type Attempt,
  andThen,
  type Event,
  type Facts,
  type Plan,
  type Result,
  type Succeeding,
  type Transition,
} from './state.ts';

/**
 * The pause in ms between two attempts to start a successor. It doubles each time, and is then shortened by a
 * random part of up to half.
 */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

const OWN_OUTCOME: Result = { kind: 'own-outcome' };

type Starting = Extract<Attempt, { step: 'starting' }>;
type Pausing = Extract<Attempt, { step: 'pausing' }>;

/** Makes the first attempt to start a successor. */
export function startSucceeding(plan: Plan, facts: Facts): Transition<Succeeding> {
  const { attempt, actions } = startAttempt(1, facts);
  return { state: { stage: 'succeeding', facts, plan, attempt }, actions };
}

export function continueSucceeding(state: Succeeding, event: Event, now: number): Transition {
  const { facts, attempt } = state;
  // If the holder stops, its stop signal has reached the successor as well.
  if (facts.isStopping) return giveUp(state, OWN_OUTCOME, [], now);
  const end: readonly Action[] = attempt.step === 'starting' ? [{ do: 'end-successor' }] : [];
  if (facts.isCancelled) return giveUp(state, OWN_OUTCOME, end, now);
  // A guest that has ended by itself is not succeeded. A guest that was told to end, or whose function died,
  // is succeeded.
  if (event.type === 'ended' && event.isByGuest && !state.retirement)
    return giveUp(state, OWN_OUTCOME, end, now);
  return andThen(retireWhenLate(state, now), (late) =>
    late.attempt.step === 'starting'
      ? continueAttempt(late, late.attempt, event, now)
      : continuePause(late, late.attempt, now),
  );
}

/** When a `time` event is due. */
export function succeedingWakeAt({ attempt, retirement, plan, facts }: Succeeding): number {
  const retirementDue = retirement ? retirementWakeAt(retirement, facts) : plan.times.stopAt;
  return attempt.step === 'pausing' ? Math.min(retirementDue, attempt.until) : retirementDue;
}

/** The function retires when its time is up, even if it has no successor yet. */
function retireWhenLate(state: Succeeding, now: number): Transition<Succeeding> {
  const { retirement: begun, plan, facts } = state;
  if (!begun && now < plan.times.stopAt) return { state, actions: [] };
  const { retirement, actions } = begun
    ? continueRetirement(begun, plan, facts, now)
    : beginRetirement(plan, facts, now);
  return { state: { ...state, retirement }, actions };
}

function startAttempt(number: number, { isGone }: Facts): { attempt: Starting; actions: readonly Action[] } {
  const attempt: Starting = {
    step: 'starting',
    number,
    naming: isGone ? 'asked' : 'not-asked',
    isStarted: false,
    isListening: false,
  };
  const start: Action = { do: 'start-successor', attempt: number };
  return { attempt, actions: isGone ? [start, { do: 'name-successor' }] : [start] };
}

function continueAttempt(state: Succeeding, before: Starting, event: Event, now: number): Transition {
  if (event.type === 'successor-failed' && event.attempt === before.number)
    return endAttempt(state, event.why, event.chance, now);
  const attempt = learn(before, event);
  if (isReady(state, attempt, now)) return startHandOver(state, attempt, now);
  // If the function is gone, no node has its names, so the successor gets them before it is ready.
  if (state.facts.isGone && attempt.naming === 'not-asked')
    return {
      state: { ...state, attempt: { ...attempt, naming: 'asked' } },
      actions: [{ do: 'name-successor' }],
    };
  return { state: { ...state, attempt }, actions: [] };
}

function learn(attempt: Starting, event: Event): Starting {
  if (!('attempt' in event) || event.attempt !== attempt.number) return attempt;
  switch (event.type) {
    case 'successor-started':
      return { ...attempt, isStarted: true };
    case 'successor-listening':
      return { ...attempt, isListening: event.isListening };
    case 'successor-named':
      return { ...attempt, naming: event.isTold ? 'told' : 'failed' };
    default:
      return attempt;
  }
}

/** Whether the successor can take over: it runs, and it listens or the function cannot serve any longer. */
function isReady({ facts, plan }: Succeeding, { isStarted, isListening }: Starting, now: number): boolean {
  return isStarted && (isListening || facts.isGone || now >= plan.times.stopAt);
}

function endAttempt(state: Succeeding, why: string, chance: number, now: number): Transition {
  const { number } = state.attempt;
  const end: Action = { do: 'end-successor' };
  if (isLate(state)) return giveUp(state, failed(state, why), [end], now);
  const pause = pauseBefore(number - 1, { first: FIRST_PAUSE_MS, longest: LONGEST_PAUSE_MS }, chance);
  const line = `a successor for this function does not start: ${why}; again in ${Math.ceil(pause / 1000)} s`;
  return {
    state: { ...state, attempt: { step: 'pausing', number, until: now + pause, why } },
    actions: [end, { do: 'report', line }],
  };
}

function continuePause(state: Succeeding, { number, until, why }: Pausing, now: number): Transition {
  if (isLate(state)) return giveUp(state, failed(state, why), [], now);
  if (now < until) return { state, actions: [] };
  const { attempt, actions } = startAttempt(number + 1, state.facts);
  return { state: { ...state, attempt }, actions };
}

/** Whether there is no time for another attempt. */
function isLate({ facts, retirement }: Succeeding): boolean {
  return facts.isGone || retirement !== undefined;
}

function failed({ retirement }: Succeeding, why: string): Result {
  return retirement ? { kind: 'timed-out', why } : OWN_OUTCOME;
}

/** Ends the attempts to start a successor, and retires the function. */
function giveUp(state: Succeeding, result: Result, actions: readonly Action[], now: number): Transition {
  const { facts, plan, retirement: begun } = state;
  if (facts.isEnded) return { state: { stage: 'ended', result }, actions };
  if (!begun) return { state: { stage: 'serving', facts, plan: undefined }, actions };
  const { retirement, actions: further } = continueRetirement(begun, plan, facts, now);
  return {
    state: { stage: 'retiring', facts, plan, retirement, result },
    actions: [...actions, ...further],
  };
}
