import type { Outcome, Work } from './work.ts';

/** A call that the Runtime API's state machine does not allow now. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
}

/** A call about an invocation that this environment was not given. */
export class UnknownRequest extends Error {
  override readonly name = 'UnknownRequest';
}

type Phase = 'starting' | 'waiting' | 'working' | 'responding' | 'responded' | 'failed';

/** The state of one environment's runtime, between the environment (left) and the Runtime API (right). */
export interface Session {
  /** Resolves when the runtime waits for work: once after INIT, then after each invocation. */
  idle(): Promise<void>;
  readonly initFailed: Promise<Outcome>;
  /** Gives the waiting runtime something to do and resolves with what it made of it. */
  deliver(work: Work): Promise<Outcome>;

  /** `GET next`: resolves when there is work. `signal` aborts when the caller has gone. */
  next(signal: AbortSignal): Promise<Work>;
  initError(outcome: Outcome): void;
  /** A response begins; exactly one `finish` follows. */
  beginResponse(requestId: string): Work;
  finish(outcome: Outcome): void;
  invocationError(requestId: string, outcome: Outcome): void;
}

export function createSession(): Session {
  let phase: Phase = 'starting';
  let idle = Promise.withResolvers<void>();
  let work: Work | undefined;
  let result = Promise.withResolvers<Outcome>();
  let hand: ((work: Work) => void) | undefined;
  const initFailed = Promise.withResolvers<Outcome>();

  const expect = (call: string, ...allowed: Phase[]) => {
    if (!allowed.includes(phase))
      throw new IllegalTransition(`Transition from ${phase} to ${call} is not allowed`);
  };
  const current = (call: string, requestId: string): Work => {
    if (work?.requestId !== requestId) throw new UnknownRequest('Invalid request ID');
    expect(call, 'working');
    return work;
  };
  const finish = (outcome: Outcome) => {
    phase = 'responded';
    result.resolve(outcome);
  };

  return {
    idle: () => idle.promise,
    initFailed: initFailed.promise,
    deliver: (given) => {
      work = given;
      result = Promise.withResolvers();
      idle = Promise.withResolvers();
      if (hand !== undefined) {
        phase = 'working';
        hand(given);
        hand = undefined;
      }
      return result.promise;
    },
    next: (signal) => {
      expect('next', 'starting', 'responded', 'waiting');
      // Work that arrived while the runtime was reconnecting is still to be done.
      if (phase === 'waiting' && hand === undefined && work !== undefined) {
        phase = 'working';
        return Promise.resolve(work);
      }
      work = undefined;
      phase = 'waiting';
      const { promise, resolve } = Promise.withResolvers<Work>();
      hand = resolve;
      signal.addEventListener('abort', () => {
        if (hand === resolve) hand = undefined;
      });
      idle.resolve();
      return promise;
    },
    initError: (outcome) => {
      expect('init/error', 'starting');
      phase = 'failed';
      initFailed.resolve(outcome);
    },
    beginResponse: (requestId) => {
      const begun = current('response', requestId);
      phase = 'responding';
      return begun;
    },
    finish,
    invocationError: (requestId, outcome) => {
      current('error', requestId);
      finish(outcome);
    },
  };
}
