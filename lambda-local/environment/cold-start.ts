import type { Outcome } from '../runtime-api/work.ts';
import type { Environment } from './environment.ts';

/** ms that a runtime has for INIT before it is started again as part of the first invocation. */
const INIT_LIMIT = 10_000;

/** `initMs` is the time of the last INIT; what it took to make the sandbox costs the caller nothing. */
export type ColdStart =
  | { readonly environment: Environment; readonly initMs: number }
  | {
      readonly environment: undefined;
      readonly initMs: number;
      readonly failed: Outcome;
      readonly tail: Buffer;
    };

/**
 * Brings up an environment. An INIT that fails or takes more than 10 s is done again in a fresh one, now with
 * the whole `timeout` (ms) of the function; what fails then is the outcome of the invocation.
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
