import type { Times } from './times.ts';

/**
 * The renewal of one function, from the moment in which it serves to its end. All times are those of `performance.now()`, in ms.
 *
 *     serving -> succeeding -> handing-over -> retiring -> ended
 *
 * A function whose guest ends, or that is not renewed, skips the stages between. `retiring` may also begin while a successor is
 * still being started: then the time of the function is up, and `retirement` is there in `succeeding` and `handing-over`, too.
 */
export type State = Serving | Succeeding | HandingOver | Retiring | Ended;

/** What has happened to the function and to its holder, whatever the stage. None of it is ever taken back. */
export interface Facts {
  /** The function does not exist any more. Its outcome may still be on the way. */
  readonly isGone: boolean;
  /** The outcome of the function is known. */
  readonly isEnded: boolean;
  /** The holder has been told to stop, and has passed its signal on to every guest. */
  readonly isStopping: boolean;
  /** The holder waits only for this function's end: connections are not waited for. */
  readonly isHurried: boolean;
  /** Everything ends now, without a grace period. */
  readonly isCancelled: boolean;
}

/** How the guest is told to end. */
export interface StopTerms {
  readonly signal: string;
  /** ms between that signal and SIGKILL */
  readonly grace: number;
}

/** What every stage of a function that can be renewed knows. */
export interface Plan {
  readonly times: Times;
  readonly stop: StopTerms;
}

/** Names and ports lead to the function. */
export interface Serving {
  readonly stage: 'serving';
  readonly facts: Facts;
  /** Undefined until the function has connected, and for ever where it is not renewed (any more). */
  readonly plan?: Plan | undefined;
}

/** The function serves while a successor is being started. */
export interface Succeeding {
  readonly stage: 'succeeding';
  readonly facts: Facts;
  readonly plan: Plan;
  readonly attempt: Attempt;
  readonly retirement?: Retirement | undefined;
}

/** One launch that may become the successor, or the pause after one that failed. `number` counts from 1. */
export type Attempt =
  | {
      readonly step: 'starting';
      readonly number: number;
      readonly naming: Naming;
      readonly isStarted: boolean;
      /** The successor's guest listens on every port on which the function's guest listens. */
      readonly isListening: boolean;
    }
  | { readonly step: 'pausing'; readonly number: number; readonly until: number; readonly why: string };

/** Whether the seed has been told that names lead to the successor, and has agreed. */
export type Naming = 'not-asked' | 'asked' | 'told' | 'failed';

/** The successor is ready. Names pass to it in an order in which no name is ever without a node. */
export interface HandingOver {
  readonly stage: 'handing-over';
  readonly facts: Facts;
  readonly plan: Plan;
  /** The number of the attempt that started the successor. */
  readonly attempt: number;
  readonly step: HandOverStep;
  readonly isSuccessorGone: boolean;
  readonly retirement?: Retirement | undefined;
}

export type HandOverStep =
  /** The seed is being told that names lead to the successor. */
  | { readonly name: 'naming' }
  /** The seed was away; it is told again at `until`. */
  | { readonly name: 'pausing'; readonly until: number }
  /** The function's own membership does not show the successor under the names yet. */
  | { readonly name: 'appearing' }
  /** The seed is being told that names do not lead to the function any more. */
  | { readonly name: 'withdrawing' };

/** The function gives up what it still has, and ends. */
export interface Retiring {
  readonly stage: 'retiring';
  readonly facts: Facts;
  readonly plan: Plan;
  readonly retirement: Retirement;
  readonly result: Result;
}

/** How far a function has come with its end. */
export type Retirement =
  /** Its connections may end by themselves, until `settledAt` at least and until `until` at most. */
  | {
      readonly step: 'draining';
      readonly settledAt: number;
      readonly until: number;
      readonly isIdle: boolean;
    }
  /** The guest has its stop signal. */
  | { readonly step: 'stopped'; readonly killAt: number }
  /** The guest has SIGKILL; the function may still report how the guest ended. */
  | { readonly step: 'killed'; readonly endAt: number }
  /** The function has been ended, or has ended. Only its outcome is waited for. */
  | { readonly step: 'over' };

export interface Ended {
  readonly stage: 'ended';
  readonly result: Result;
}

/** What the end of a function means for whoever holds it. */
export type Result =
  /** A successor serves. */
  | { readonly kind: 'succeeded' }
  /** The outcome of the function counts. */
  | { readonly kind: 'own-outcome' }
  /** The function had to end before a successor had started; `why` is the failure of the last attempt. */
  | { readonly kind: 'timed-out'; readonly why: string };

/** What happens. Events of a successor carry the number of the attempt that started it. */
export type Event =
  /** The moment that `wakeAt` named has come. */
  | { readonly type: 'time' }
  /** The function has connected to its holder, and is to be renewed by this plan. */
  | { readonly type: 'connected'; readonly plan: Plan }
  | { readonly type: 'gone' }
  /** `isByGuest`: the guest has ended, by itself or by a signal; the function did not go from under it. */
  | { readonly type: 'ended'; readonly isByGuest: boolean }
  | { readonly type: 'stopping' }
  | { readonly type: 'hurried' }
  | { readonly type: 'cancelled' }
  /** No connection that came in through the holder is left. */
  | { readonly type: 'idle' }
  | { readonly type: 'successor-started'; readonly attempt: number }
  | { readonly type: 'successor-listening'; readonly attempt: number; readonly isListening: boolean }
  /** The successor did not come to run its guest. `chance`: 0 to 1, for the length of the pause that follows. */
  | {
      readonly type: 'successor-failed';
      readonly attempt: number;
      readonly why: string;
      readonly chance: number;
    }
  | { readonly type: 'successor-gone'; readonly attempt: number }
  /** The answer to `name-successor`. */
  | { readonly type: 'successor-named'; readonly attempt: number; readonly isTold: boolean }
  /** The membership of the function shows the successor under the names. */
  | { readonly type: 'successor-visible' }
  /** The answer to `withdraw-names`, whatever it was. */
  | { readonly type: 'names-withdrawn' };

/** What the holder has to do. */
export type Action =
  | { readonly do: 'start-successor'; readonly attempt: number }
  | { readonly do: 'end-successor' }
  /** Tell the seed that names lead to the successor; answered by `successor-named`. */
  | { readonly do: 'name-successor' }
  /** Report `successor-visible` as soon as it holds. */
  | { readonly do: 'watch-for-successor' }
  /** Tell the seed that names do not lead to the function any more; answered by `names-withdrawn`. */
  | { readonly do: 'withdraw-names' }
  /** Ports and standard input follow the successor, which has a renewal of its own from now on. */
  | { readonly do: 'install-successor' }
  /** Report `idle` as soon as it holds. */
  | { readonly do: 'watch-for-idle' }
  /** Deliver the stop signal to the guest. */
  | { readonly do: 'stop'; readonly signal: string }
  | { readonly do: 'kill' }
  /** End the function at once. */
  | { readonly do: 'end' }
  | { readonly do: 'report'; readonly line: string };

export interface Transition<S = State> {
  readonly state: S;
  readonly actions: readonly Action[];
}

/** Goes on from a transition to the next one. What the first one asks for is done first. */
export function andThen<A, B>(
  { state, actions }: Transition<A>,
  next: (state: A) => Transition<B>,
): Transition<B> {
  const following = next(state);
  return { state: following.state, actions: [...actions, ...following.actions] };
}
