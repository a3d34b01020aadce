import type { Log } from '../base/log.ts';
import type { Outcome, Work } from '../runtime-api/work.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { coldStart } from './cold-start.ts';
import { Environment, type Sessions } from './environment.ts';
import { Shelf } from './shelf.ts';
import { Stock } from './stock.ts';

/** The outcome and the billed times of one invocation. */
export interface Execution {
  readonly outcome: Outcome;
  /** ms from the delivery of the work to its outcome. */
  readonly runMs: number;
  /** ms of INIT where there was one; both are billed. */
  readonly initMs: number | undefined;
  /** Resolves with the last of the log once the environment has come to rest. */
  readonly tail: Promise<Buffer>;
}

export interface FleetOptions {
  readonly functionName: string;
  /** The function's timeout, seconds. */
  readonly timeout: number;
  readonly startSandbox: () => Promise<Sandbox>;
  readonly sessions: Sessions;
  /** Number of sandboxes that are started in advance. */
  readonly prepared: number;
  readonly idleLimit: number;
  readonly idleSeconds: number;
  readonly surplusSeconds: number;
  readonly log: Log;
}

/** All execution environments of one version of a function. */
export interface Fleet {
  /**
   * Runs one invocation in a warm environment, or else in a new one. `start` makes the work of `requestId`
   * when the environment is ready: the deadline counts from then on.
   */
  execute(requestId: string, start: () => Work): Promise<Execution>;
  /** Removes unused environments now, and the others when they become unused. */
  retire(): Promise<void>;
}

/**
 * How long after a start nothing is prepared for the next one, ms. The function that has just been started
 * gets the processor first.
 */
const SETTLING = 3000;

/** Keeps warm environments on a shelf, and sandboxes for cold starts in stock. */
export class EnvironmentFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #shelf: Shelf;
  readonly #stock: Stock;
  readonly #idle: number;
  #starting = 0;
  #executing = 0;
  /** Set while nothing executes. */
  #unused: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    const { idleLimit, idleSeconds, surplusSeconds, log } = options;
    this.#options = options;
    this.#idle = idleSeconds * 1000;
    this.#shelf = new Shelf({
      limit: idleLimit,
      idle: this.#idle,
      surplus: surplusSeconds * 1000,
      // As many invocations as run now may come back, and one invocation may come back after none.
      wanted: () => Math.max(1, this.#executing),
      log,
    });
    this.#stock = new Stock(options.prepared, options.startSandbox, log);
    this.#stock.fill();
    this.#watchUse();
  }

  async execute(requestId: string, start: () => Work): Promise<Execution> {
    this.#executing++;
    this.#watchUse();
    try {
      return await this.#execute(requestId, start);
    } finally {
      this.#executing--;
      this.#watchUse();
    }
  }

  async retire(): Promise<void> {
    clearTimeout(this.#unused);
    clearTimeout(this.#settling);
    await Promise.all([this.#stock.close(), this.#shelf.close()]);
  }

  async #execute(requestId: string, start: () => Work): Promise<Execution> {
    const { functionName, log } = this.#options;
    const asked = performance.now();
    const { initMs, ...ready } = await this.#environment(requestId);
    const waitMs = performance.now() - asked;
    log.debug('environment ready', { function: functionName, requestId, waitMs, initMs });
    if (ready.environment === undefined)
      return { outcome: ready.failed, runMs: 0, initMs, tail: Promise.resolve(ready.tail) };
    const { environment } = ready;
    const work = start();
    const began = performance.now();
    const outcome = await environment.run(work);
    const runMs = performance.now() - began;
    const rest = this.#shelf.put(environment, work.deadline);
    return { outcome, runMs, initMs, tail: rest.then(() => environment.tail().read()) };
  }

  async #environment(requestId: string) {
    const warm = await this.#shelf.take();
    if (warm === undefined) return this.#coldStart(requestId);
    this.#fillSoon();
    return { environment: warm, initMs: undefined };
  }

  async #coldStart(requestId: string) {
    this.#starting++;
    try {
      return await coldStart(() => this.#open(requestId), this.#options.timeout * 1000);
    } finally {
      this.#starting--;
      this.#fillSoon();
    }
  }

  async #open(requestId: string): Promise<Environment> {
    const { functionName, sessions, timeout, log } = this.#options;
    const sandbox = await this.#stock.take();
    return new Environment({
      ...{ sandbox, sessions, requestId, timeout },
      onLine: (line, current) =>
        log.info('function output', { function: functionName, requestId: current, line }),
    });
  }

  /** Prepares the next start, if that will not find a warm environment. */
  #fillSoon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (this.#starting === 0 && this.#executing > 0 && this.#shelf.isEmpty()) this.#stock.fill();
    }, SETTLING);
    this.#settling.unref();
  }

  /** A function that nobody uses keeps no prepared sandbox: its next start makes one. */
  #watchUse(): void {
    clearTimeout(this.#unused);
    if (this.#executing > 0) return;
    this.#unused = setTimeout(() => void this.#stock.drain(), this.#idle);
    this.#unused.unref();
  }
}
