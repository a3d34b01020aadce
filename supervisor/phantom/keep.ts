import type { Joined, Launch } from '../launches/launch.ts';
import { EXIT_TIMED_OUT, type Outcome } from '../launches/outcome.ts';
import type { Result } from '../launches/renewal/state.ts';
import { type Holder, Tenure } from '../launches/renewal/tenure.ts';
import type { Renewal } from '../launches/renewal/times.ts';
import type { Logger } from '../log/logger.ts';
import type { Front } from './front.ts';
import type { Input } from './lend-input.ts';

export interface KeepOptions {
  readonly start: (duty: 'active' | 'standby') => Launch;
  readonly front: Front;
  readonly input: Input;
  /** Undefined: functions are not renewed. */
  readonly renewal: Renewal | undefined;
  /** Aborts when the container is told to stop: nothing is renewed from then on. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/**
 * Keeps a guest running in one function after another: each function takes over before the previous one ends.
 * Resolves to the outcome of the guest that has ended by itself, or of the function that has ended without a
 * successor.
 */
export function keep(first: Launch, options: KeepOptions): Promise<Outcome> {
  return new Replica(options).run(first);
}

/** The launches of one container: one that serves, and those before it that have not ended yet. */
class Replica implements Holder {
  readonly log: Logger;
  readonly #options: KeepOptions;
  readonly #tenures = new Set<Tenure>();
  readonly #outcome = Promise.withResolvers<Outcome>();

  constructor(options: KeepOptions) {
    this.#options = options;
    this.log = options.log;
  }

  async run(first: Launch): Promise<Outcome> {
    const { stopping, signal } = this.#options;
    const stop = () => this.#tellAll((tenure) => tenure.stopping());
    const cancel = () => this.#tellAll((tenure) => tenure.cancel());
    stopping.addEventListener('abort', stop, { once: true });
    signal.addEventListener('abort', cancel, { once: true });
    this.#hold(first);
    first.joined.then(
      (joined) => this.#present(first, joined),
      () => undefined,
    );
    try {
      return await this.#outcome.promise;
    } finally {
      // Retiring functions keep their grace period, but nobody waits for their connections any longer.
      this.#tellAll((tenure) => tenure.hurry());
      await Promise.all([...this.#tenures].map(({ ended }) => ended));
      stopping.removeEventListener('abort', stop);
      signal.removeEventListener('abort', cancel);
    }
  }

  startSuccessor(): Launch {
    return this.#options.start('standby');
  }

  install(launch: Launch, joined: Joined): void {
    this.#present(launch, joined);
    this.#hold(launch);
  }

  idle(joined: Joined): Promise<void> {
    return this.#options.front.idle(joined);
  }

  /** Leads this container's ports and its standard input to the launch. */
  #present(launch: Launch, joined: Joined): void {
    const { front, input } = this.#options;
    front.show(joined);
    Promise.all([launch.session, launch.started]).then(
      ([session]) => input.give(session),
      () => undefined,
    );
  }

  #hold(launch: Launch): void {
    const { renewal, stopping, signal } = this.#options;
    const tenure = new Tenure(launch, renewal, this);
    this.#tenures.add(tenure);
    void tenure.ended.then((result) => this.#release(tenure, result));
    if (stopping.aborted) tenure.stopping();
    if (signal.aborted) tenure.cancel();
  }

  #release(tenure: Tenure, result: Result): void {
    this.#tenures.delete(tenure);
    if (result.kind === 'own-outcome') this.#outcome.resolve(tenure.launch.outcome);
    if (result.kind !== 'timed-out') return;
    const lastLine = `the time of this function is up, and no successor has started: ${result.why}`;
    this.#outcome.resolve({ exitCode: EXIT_TIMED_OUT, lastLine });
  }

  #tellAll(tell: (tenure: Tenure) => void): void {
    for (const tenure of [...this.#tenures]) tell(tenure);
  }
}
