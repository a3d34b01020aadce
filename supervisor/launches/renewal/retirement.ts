import type { Action, Facts, Plan, Retirement } from './state.ts';

/** The time in ms that a client has between looking up a name and connecting. */
const SETTLE_MS = 1000;
/** The time in ms that the function has to report the guest's end after SIGKILL. */
const LAST_REPORT_MS = 1000;

export interface RetirementStep {
  readonly retirement: Retirement;
  readonly actions: readonly Action[];
}

/** Starts to retire a function. Its connections are watched only if there is time to wait for them. */
export function beginRetirement(plan: Plan, facts: Facts, now: number): RetirementStep {
  const until = plan.times.stopAt;
  const draining: Retirement = { step: 'draining', settledAt: now + SETTLE_MS, until, isIdle: false };
  const { retirement, actions } = continueRetirement(draining, plan, facts, now);
  const isWatched = retirement.step === 'draining' && now < until;
  return { retirement, actions: isWatched ? [{ do: 'watch-for-idle' }, ...actions] : actions };
}

/** Records that no connection to the function through the holder is left. */
export function withIdle(retirement: Retirement): Retirement {
  return retirement.step === 'draining' ? { ...retirement, isIdle: true } : retirement;
}

/** Advances the retirement by at most one step. The retirement of a function that is gone is over at once. */
export function continueRetirement(
  retirement: Retirement,
  plan: Plan,
  facts: Facts,
  now: number,
): RetirementStep {
  if (retirement.step === 'over') return { retirement, actions: [] };
  if (facts.isGone) return { retirement: { step: 'over' }, actions: [] };
  if (facts.isCancelled) return { retirement: { step: 'over' }, actions: [{ do: 'end' }] };
  if (now < retirementWakeAt(retirement, facts)) return { retirement, actions: [] };
  switch (retirement.step) {
    case 'draining': {
      const killAt = Math.min(now + plan.stop.grace, plan.times.endAt);
      // If the holder stops, the guest has already received the holder's stop signal.
      const actions: Action[] = facts.isStopping ? [] : [{ do: 'stop', signal: plan.stop.signal }];
      return { retirement: { step: 'stopped', killAt }, actions };
    }
    case 'stopped':
      return { retirement: { step: 'killed', endAt: now + LAST_REPORT_MS }, actions: [{ do: 'kill' }] };
    case 'killed':
      return { retirement: { step: 'over' }, actions: [{ do: 'end' }] };
  }
}

/** When the current step ends if no event comes first. */
export function retirementWakeAt(retirement: Retirement, facts: Facts): number {
  switch (retirement.step) {
    case 'draining': {
      if (facts.isStopping || facts.isHurried) return Number.NEGATIVE_INFINITY;
      const { settledAt, until, isIdle } = retirement;
      return isIdle ? settledAt : Math.max(settledAt, until);
    }
    case 'stopped':
      return retirement.killAt;
    case 'killed':
      return retirement.endAt;
    case 'over':
      return Number.POSITIVE_INFINITY;
  }
}
