import type { Times } from './times.ts';

/**
 * The renewal of one function, from its start to its end. All times are values of `performance.now()`, in ms.
 *
 *     serving -> succeeding -> handing-over -> retiring -> ended
 *
 * A function that is not renewed, or whose guest ends by itself, skips the stages in between. If the time of
 * a function is up before its successor has taken over, its retirement begins during `succeeding` or
 * `handing-over`, and these stages then have a `retirement` as well.
 */
export type State = Serving | Succeeding | HandingOver | Retiring | Ended;

/**
 * What has happened to the function and to its holder so far, in any stage. A fact that is true stays true.
 */
export interface Facts {
  /** The function does not run any more. Its outcome may not be known yet. */
  readonly isGone: boolean;
  /** The outcome of the function is known. */
  readonly isEnded: boolean;
  /** The holder has been told to stop, and has passed its signal on to every guest. */
  readonly isStopping: boolean;
  /**
   * The holder waits for nothing but this function's end, so the function does not wait for its connections.
   */
  readonly isHurried: boolean;
  /** The function and its successor have to end at once, without a grace period. */
  readonly isCancelled: boolean;
}

/** How the guest is ended. */
export interface StopTerms {
  readonly signal: string;
  /** ms between `signal` and SIGKILL */
  readonly grace: number;
}

/** When and how a function is renewed. */
export interface Plan {
  readonly times: Times;
  readonly stop: StopTerms;
}

/** The names of the service, and its ports at the holder, lead to the function. */
export interface Serving {
  readonly stage: 'serving';
  readonly facts: Facts;
  /** Undefined until the function has connected to its holder, and if it is not or no longer renewed. */
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

/** An attempt to start a successor, or the pause after an attempt that failed. `number` counts from 1. */
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

/**
 * Whether the seed knows that names lead to the successor. `asked`: the seed has not answered yet. `told`:
 * the seed has agreed.
 */
export type Naming = 'not-asked' | 'asked' | 'told' | 'failed';

/** The successor is ready. Names pass to it in steps, so that no name is ever without a node. */
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
  /** The seed could not be told. It is told again at `until`. */
  | { readonly name: 'pausing'; readonly until: number }
  /** The function's own view of the overlay does not show yet that names lead to the successor. */
  | { readonly name: 'appearing' }
  /** The seed is being told that names do not lead to the function any more. */
  | { readonly name: 'withdrawing' };

/**
 * The function is being ended: first its connections, then its guest, and then the function itself.
 */
export interface Retiring {
  readonly stage: 'retiring';
  readonly facts: Facts;
  readonly plan: Plan;
  readonly retirement: Retirement;
  readonly result: Result;
}

/** The steps in which a function ends. */
export type Retirement =
  /** Connections have time to end by themselves: at least until `settledAt`, and at most until `until`. */
  | {
      readonly step: 'draining';
      readonly settledAt: number;
      readonly until: number;
      readonly isIdle: boolean;
    }
  /** The guest has received its stop signal. */
  | { readonly step: 'stopped'; readonly killAt: number }
  /** The guest has received SIGKILL. The function has time to report how the guest ended. */
  | { readonly step: 'killed'; readonly endAt: number }
  /** The function has ended, or is being ended. Only its outcome is missing. */
  | { readonly step: 'over' };

export interface Ended {
  readonly stage: 'ended';
  readonly result: Result;
}

/** What the end of a function means for its holder. */
export type Result =
  /** A successor has taken over. */
  | { readonly kind: 'succeeded' }
  /** There is no successor. The function's outcome is that of the service. */
  | { readonly kind: 'own-outcome' }
  /** The function had to end before a successor had started; `why` is the failure of the last attempt. */
  | { readonly kind: 'timed-out'; readonly why: string };

/** The input of a transition. Events about a successor carry the number of the attempt that started it. */
export type Event =
  /** The time that `wakeAt` returned has come. */
  | { readonly type: 'time' }
  /** The function has connected to its holder. It is renewed according to `plan`. */
  | { readonly type: 'connected'; readonly plan: Plan }
  | { readonly type: 'gone' }
  /** `isByGuest`: the guest has ended, by itself or by a signal, and not because its function died. */
  | { readonly type: 'ended'; readonly isByGuest: boolean }
  | { readonly type: 'stopping' }
  | { readonly type: 'hurried' }
  | { readonly type: 'cancelled' }
  /** No connection to the function through the holder is left. */
  | { readonly type: 'idle' }
  | { readonly type: 'successor-started'; readonly attempt: number }
  | { readonly type: 'successor-listening'; readonly attempt: number; readonly isListening: boolean }
  /**
   * The successor has ended before it took over. `chance`: a random number from 0 to 1 that determines the
   * length of the pause that follows.
   */
  | {
      readonly type: 'successor-failed';
      readonly attempt: number;
      readonly why: string;
      readonly chance: number;
    }
  | { readonly type: 'successor-gone'; readonly attempt: number }
  /** `name-successor` has been done. `isTold`: the seed has agreed. */
  | { readonly type: 'successor-named'; readonly attempt: number; readonly isTold: boolean }
  /** The function's own view of the overlay shows that names lead to the successor. */
  | { readonly type: 'successor-visible' }
  /** `withdraw-names` has been done, with or without success. */
  | { readonly type: 'names-withdrawn' };

/** The output of a transition: what the holder has to do. */
export type Action =
  | { readonly do: 'start-successor'; readonly attempt: number }
  | { readonly do: 'end-successor' }
  /** Tell the seed that names lead to the successor; answered by `successor-named`. */
  | { readonly do: 'name-successor' }
  /** Report `successor-visible` as soon as the successor is visible. */
  | { readonly do: 'watch-for-successor' }
  /** Tell the seed that names do not lead to the function any more; answered by `names-withdrawn`. */
  | { readonly do: 'withdraw-names' }
  /** Lead ports and standard input to the successor, and begin the successor's own renewal. */
  | { readonly do: 'install-successor' }
  /** Report `idle` as soon as no connection is left. */
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

/** Combines a transition with the one that follows. The actions of the first one come first. */
export function andThen<A, B>(
  { state, actions }: Transition<A>,
  next: (state: A) => Transition<B>,
): Transition<B> {
  const following = next(state);
  return { state: following.state, actions: [...actions, ...following.actions] };
}
