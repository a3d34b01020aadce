import type { Outcome } from '../runtime-api/work.ts';
import type { Environment } from './environment.ts';

/** The time in ms for a runtime's INIT. After that, it is started again as part of the first invocation. */
const INIT_LIMIT = 10_000;

/**
 * The result of a cold start. `initMs` is the time of the last INIT; the time to make the sandbox is not
 * billed.
 */
export type ColdStart =
  | { readonly environment: Environment; readonly initMs: number }
  | {
      readonly environment: undefined;
      readonly initMs: number;
      readonly failed: Outcome;
      readonly tail: Buffer;
    };

/**
 * Starts an environment. An INIT that fails or takes more than 10 s is repeated in a new environment, with
 * the whole `timeout` (ms) of the function. A second failure is the outcome of the invocation.
 */
export async function coldStart(open: () => Promise<Environment>, timeout: number): Promise<ColdStart> {
  const first = await open();
  const began = performance.now();
  if ((await first.init(INIT_LIMIT)) === undefined) {
    return { environment: first, initMs: performance.now() - began };
  }
  await first.remove();
  const second = await open();
  const again = performance.now();
  const failed = await second.init(timeout);
  const initMs = performance.now() - again;
  if (failed === undefined) return { environment: second, initMs };
  const tail = second.tail().read();
  await second.remove();
  return { environment: undefined, initMs, failed, tail };
}
