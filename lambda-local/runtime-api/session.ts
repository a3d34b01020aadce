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

/** The state of one environment's runtime, between the environment and the Runtime API. */
export class Session {
  /** Resolves when the runtime reports that its INIT has failed. */
  readonly initFailed: Promise<Outcome>;
  readonly #initFailed = Promise.withResolvers<Outcome>();
  #phase: Phase = 'starting';
  #idle = Promise.withResolvers<void>();
  #work: Work | undefined;
  #result = Promise.withResolvers<Outcome>();
  /** Answers the runtime's pending request for work. */
  #hand: ((work: Work) => void) | undefined;

  constructor() {
    this.initFailed = this.#initFailed.promise;
  }

  /** For the environment: resolves when the runtime waits for work, after INIT and after each invocation. */
  idle(): Promise<void> {
    return this.#idle.promise;
  }

  /** For the environment: gives the waiting runtime work, and resolves to the outcome. */
  deliver(work: Work): Promise<Outcome> {
    this.#work = work;
    this.#result = Promise.withResolvers();
    this.#idle = Promise.withResolvers();
    if (this.#hand !== undefined) {
      this.#phase = 'working';
      this.#hand(work);
      this.#hand = undefined;
    }
    return this.#result.promise;
  }

  /**
   * `GET next`: resolves when there is work. `signal` aborts when the caller has gone.
   * @throws IllegalTransition
   */
  next(signal: AbortSignal): Promise<Work> {
    this.#expect('next', 'starting', 'responded', 'waiting');
    // The work arrived while the runtime was reconnecting.
    if (this.#phase === 'waiting' && this.#hand === undefined && this.#work !== undefined) {
      this.#phase = 'working';
      return Promise.resolve(this.#work);
    }
    this.#work = undefined;
    this.#phase = 'waiting';
    const { promise, resolve } = Promise.withResolvers<Work>();
    this.#hand = resolve;
    signal.addEventListener('abort', () => {
      if (this.#hand === resolve) this.#hand = undefined;
    });
    this.#idle.resolve();
    return promise;
  }

  /** @throws IllegalTransition */
  initError(outcome: Outcome): void {
    this.#expect('init/error', 'starting');
    this.#phase = 'failed';
    this.#initFailed.resolve(outcome);
  }

  /**
   * A response begins. Exactly one `finish` follows.
   * @throws IllegalTransition, UnknownRequest
   */
  beginResponse(requestId: string): Work {
    const begun = this.#current('response', requestId);
    this.#phase = 'responding';
    return begun;
  }

  finish(outcome: Outcome): void {
    this.#phase = 'responded';
    this.#result.resolve(outcome);
  }

  /** @throws IllegalTransition, UnknownRequest */
  invocationError(requestId: string, outcome: Outcome): void {
    this.#current('error', requestId);
    this.finish(outcome);
  }

  #expect(call: string, ...allowed: Phase[]): void {
    if (!allowed.includes(this.#phase))
      throw new IllegalTransition(`Transition from ${this.#phase} to ${call} is not allowed`);
  }

  #current(call: string, requestId: string): Work {
    if (this.#work?.requestId !== requestId) throw new UnknownRequest('Invalid request ID');
    this.#expect(call, 'working');
    return this.#work;
  }
}
