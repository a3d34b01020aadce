import { describeFailure } from '../../control/control-error.ts';
import type { Logger } from '../../log/logger.ts';
import type { Joined, Launch } from '../launch.ts';
import type { Action, Event, Result, State } from './state.ts';
import { type Renewal, timesOf } from './times.ts';
import { SERVING, transition, wakeAt } from './transition.ts';
import { listensLike, watchMembers } from './watch-members.ts';

/** The owner of a replica's launches, which accepts connections for them. */
export interface Holder {
  /** Starts a launch in standby: names do not lead to it yet. */
  startSuccessor(): Launch;
  /** Leads ports and standard input to the launch from now on, and begins the launch's own tenure. */
  install(launch: Launch, joined: Joined): void;
  /** Resolves when no connection to the launch through the holder is left. */
  idle(joined: Joined): Promise<void>;
  /** Receives messages for the user. */
  readonly log: Logger;
}

interface Successor {
  readonly launch: Launch;
  readonly attempt: number;
  /** Undefined until the launch has joined the overlay. */
  joined?: Joined;
}

/**
 * The time from the start of one launch to its end. This class carries out the actions of the state machine
 * in `transition.ts`, reports events of the launch and of its successor to it, and owns its timer.
 */
export class Tenure {
  readonly launch: Launch;
  /** Resolves when the launch has ended and its outcome is known. Never rejects. */
  readonly ended: Promise<Result>;
  readonly #holder: Holder;
  readonly #end = Promise.withResolvers<Result>();
  #state: State = SERVING;
  readonly #events: Event[] = [];
  #isHandling = false;
  #timer: NodeJS.Timeout | undefined;
  #joined: Joined | undefined;
  #successor: Successor | undefined;
  /** Ends the current watch over members of the overlay. */
  #watch = new AbortController();

  /** If `renewal` is undefined, the launch has no successor. */
  constructor(launch: Launch, renewal: Renewal | undefined, holder: Holder) {
    this.launch = launch;
    this.ended = this.#end.promise;
    this.#holder = holder;
    void this.#follow(renewal);
  }

  /**
   * Records that the holder has been told to stop, and has passed its signal on to every guest. The launch is
   * not renewed from now on.
   */
  stopping(): void {
    this.#handle({ type: 'stopping' });
  }

  /** Records that the holder waits for nothing but the end of this launch. */
  hurry(): void {
    this.#handle({ type: 'hurried' });
  }

  /** Ends the launch and its successor at once. */
  cancel(): void {
    this.#handle({ type: 'cancelled' });
  }

  async #follow(renewal: Renewal | undefined): Promise<void> {
    const { launch } = this;
    void launch.gone.then(() => this.#handle({ type: 'gone' }));
    launch.outcome.then(
      ({ ofGuest }) => this.#handle({ type: 'ended', isByGuest: ofGuest === true }),
      () => this.#handle({ type: 'ended', isByGuest: false }),
    );
    if (!renewal) return;
    const connected = await Promise.all([launch.joined, launch.session]).catch(() => undefined);
    if (!connected) return;
    [this.#joined] = connected;
    // The times are known only now: a function that has not connected may have to be invoked again.
    const times = timesOf(launch.invokedAt(), renewal, Math.random());
    const stop = { signal: renewal.stopSignal, grace: renewal.stopGracePeriod * 1000 };
    this.#handle({ type: 'connected', plan: { times, stop } });
  }

  /** Handles an event. An event that an action causes is handled after all actions of the same transition. */
  #handle(event: Event): void {
    this.#events.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#advance(next);
    this.#isHandling = false;
    this.#setTimer();
  }

  #advance(event: Event): void {
    const before = this.#state;
    if (before.stage === 'ended') return;
    const { state, actions } = transition(before, event, performance.now());
    this.#state = state;
    for (const action of actions) this.#perform(action);
    if (state.stage !== before.stage) this.#log(state);
    if (state.stage !== 'ended') return;
    this.#watch.abort();
    this.#end.resolve(state.result);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const at = wakeAt(this.#state);
    if (at === undefined) return;
    this.#timer = setTimeout(() => this.#handle({ type: 'time' }), Math.max(0, at - performance.now()));
  }

  #log(state: State): void {
    const node = nameOf(this.#joined);
    if (state.stage === 'succeeding') this.#holder.log.debug(`${node} is about to be renewed`);
    if (state.stage === 'retiring' && state.result.kind === 'succeeded')
      this.#holder.log.debug(`${nameOf(this.#successor?.joined)} has taken over from ${node}`);
    if (state.stage === 'ended') this.#holder.log.debug(`${node} has ended`);
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'start-successor':
        this.#startSuccessor(action.attempt);
        break;
      case 'end-successor':
        this.#watch.abort();
        this.#successor?.launch.end();
        break;
      case 'name-successor':
        void this.#nameSuccessor();
        break;
      case 'watch-for-successor':
        this.#watchForSuccessor();
        break;
      case 'withdraw-names':
        void this.#withdrawNames();
        break;
      case 'install-successor':
        this.#installSuccessor();
        break;
      case 'watch-for-idle':
        void this.#watchForIdle();
        break;
      case 'stop':
        this.launch.stop(action.signal);
        break;
      case 'kill':
        this.launch.deliver('SIGKILL');
        break;
      case 'end':
        this.launch.end();
        break;
      case 'report':
        this.#holder.log.warn(action.line);
    }
  }

  #startSuccessor(attempt: number): void {
    const launch = this.#holder.startSuccessor();
    this.#successor = { launch, attempt };
    const fail = (why: string) =>
      this.#handle({ type: 'successor-failed', attempt, why, chance: Math.random() });
    launch.outcome.then(
      ({ lastLine, exitCode }) => fail(lastLine ?? `it ended with exit code ${exitCode}`),
      (error: unknown) => fail(describeFailure(error).message),
    );
    void launch.gone.then(() => this.#handle({ type: 'successor-gone', attempt }));
    void this.#watchStart(this.#successor);
  }

  /**
   * Reports that the successor's guest runs. From then on, reports whether it listens on the ports on which
   * the launch's guest listens.
   */
  async #watchStart(successor: Successor): Promise<void> {
    const { launch, attempt } = successor;
    const [joined] = await Promise.all([launch.joined, launch.started]).catch(() => []);
    const model = this.#joined?.overlay.nodeId;
    if (!joined || model === undefined) return; // The outcome tells the cause.
    successor.joined = joined;
    const { overlay } = joined;
    this.#handle({ type: 'successor-started', attempt });
    if (this.#state.stage !== 'succeeding') return;
    this.#watchMembers(joined, () => {
      const isListening = listensLike(overlay, overlay.nodeId, model);
      this.#handle({ type: 'successor-listening', attempt, isListening });
    });
  }

  async #nameSuccessor(): Promise<void> {
    if (!this.#successor) return;
    const { launch, attempt } = this.#successor;
    const isTold = await launch.setDuty('active').then(
      () => true,
      () => false,
    );
    this.#handle({ type: 'successor-named', attempt, isTold });
  }

  #watchForSuccessor(): void {
    const id = this.#successor?.joined?.overlay.nodeId;
    const self = this.#joined;
    if (!self || id === undefined) return;
    this.#watchMembers(self, () => {
      if (self.overlay.members().get(id)?.state === 'up') this.#handle({ type: 'successor-visible' });
    });
  }

  #watchMembers({ overlay }: Joined, check: () => void): void {
    this.#watch.abort();
    const watch = new AbortController();
    this.#watch = watch;
    watchMembers(overlay, check, watch.signal);
  }

  async #withdrawNames(): Promise<void> {
    this.#watch.abort();
    await this.launch.setDuty('draining').catch(() => undefined);
    this.#handle({ type: 'names-withdrawn' });
  }

  #installSuccessor(): void {
    const { launch, joined } = this.#successor ?? {};
    if (launch && joined) this.#holder.install(launch, joined);
  }

  async #watchForIdle(): Promise<void> {
    if (!this.#joined) return;
    await this.#holder.idle(this.#joined);
    this.#handle({ type: 'idle' });
  }
}

function nameOf(joined: Joined | undefined): string {
  return joined ? `node-${joined.overlay.nodeId}` : 'a function';
}
