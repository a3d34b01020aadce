import type { Log } from '../base/log.ts';
import type { Outcome, Work } from '../runtime-api/work.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { coldStart } from './cold-start.ts';
import { openEnvironment, type Sessions } from './environment.ts';
import { createShelf } from './shelf.ts';
import { createStock } from './stock.ts';

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

/** All execution environments of one version of a function. */
export interface Fleet {
  /** `start` makes the work of `requestId` once its environment is ready: its deadline counts from there. */
  execute(requestId: string, start: () => Work): Promise<Execution>;
  /** Removes unused environments now, and the others when they become unused. */
  retire(): Promise<void>;
}

export interface FleetOptions {
  readonly functionName: string;
  /** seconds */
  readonly timeout: number;
  readonly startSandbox: () => Promise<Sandbox>;
  readonly sessions: Sessions;
  readonly prepared: number;
  readonly idleLimit: number;
  readonly idleSeconds: number;
  readonly surplusSeconds: number;
  readonly log: Log;
}

/**
 * ms after a start in which nothing is prepared for the next one: what has just been started gets the processor first.
 */
const SETTLING = 3000;

export function createFleet(options: FleetOptions): Fleet {
  const { functionName, timeout, log } = options;
  const idle = options.idleSeconds * 1000;
  let starting = 0;
  let executing = 0;
  const shelf = createShelf({
    ...{ limit: options.idleLimit, idle, log },
    surplus: options.surplusSeconds * 1000,
    // As many as run now may come back, and where none does one may.
    wanted: () => Math.max(1, executing),
  });
  const stock = createStock(options.prepared, options.startSandbox, log);

  const open = async (requestId: string) => {
    const sandbox = await stock.take();
    return openEnvironment(sandbox, options.sessions, requestId, timeout, (line, current) =>
      log.info('function output', { function: functionName, requestId: current, line }),
    );
  };

  const coldStarted = async (requestId: string) => {
    starting++;
    try {
      return await coldStart(() => open(requestId), timeout * 1000);
    } finally {
      starting--;
      fillSoon();
    }
  };

  /** Prepares the next start, where it will not find a warm environment. */
  let settling: NodeJS.Timeout | undefined;
  const fillSoon = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      if (starting === 0 && executing > 0 && shelf.isEmpty()) stock.fill();
    }, SETTLING);
    settling.unref();
  };

  /** A function that nobody uses needs nothing prepared: its next start makes that anew. */
  let unused: NodeJS.Timeout | undefined;
  const watchUse = () => {
    clearTimeout(unused);
    if (executing > 0) return;
    unused = setTimeout(() => void stock.drain(), idle);
    unused.unref();
  };
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    executing++;
    watchUse();
    try {
      return await work;
    } finally {
      executing--;
      watchUse();
    }
  };

  stock.fill();
  watchUse();
  return {
    execute: (requestId, start) => counted(execution(requestId, start)),
    retire: async () => {
      clearTimeout(unused);
      clearTimeout(settling);
      await Promise.all([stock.close(), shelf.close()]);
    },
  };

  async function execution(requestId: string, start: () => Work): Promise<Execution> {
    const asked = performance.now();
    const warm = await shelf.take();
    if (warm !== undefined) fillSoon();
    const brought =
      warm === undefined ? await coldStarted(requestId) : { environment: warm, initMs: undefined };
    const { initMs } = brought;
    const waitMs = performance.now() - asked;
    log.debug('environment ready', { function: functionName, requestId, waitMs, initMs });
    if (brought.environment === undefined) {
      return { outcome: brought.failed, runMs: 0, initMs, tail: Promise.resolve(brought.tail) };
    }
    const { environment } = brought;
    const work = start();
    const began = performance.now();
    const outcome = await environment.run(work);
    const runMs = performance.now() - began;
    const rest = shelf.put(environment, work.deadline);
    return { outcome, runMs, initMs, tail: rest.then(() => environment.tail().read()) };
  }
}
