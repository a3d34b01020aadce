import type { Outcome } from '../runtime-api/work.ts';
import type { Environment } from './environment.ts';

/** ms that a runtime has for INIT before it is started again as part of the first invocation. */
const INIT_LIMIT = 10_000;

export type ColdStart =
  | { readonly environment: Environment }
  | { readonly environment: undefined; readonly failed: Outcome; readonly tail: Buffer };

/**
 * Brings up an environment. An INIT that fails or takes more than 10 s is done again in a fresh one, now with
 * the whole `timeout` (ms) of the function; what fails then is the outcome of the invocation.
 */
export async function coldStart(open: () => Promise<Environment>, timeout: number): Promise<ColdStart> {
  const first = await open();
  if ((await first.init(INIT_LIMIT)) === undefined) return { environment: first };
  await first.remove();
  const second = await open();
  const failed = await second.init(timeout);
  if (failed === undefined) return { environment: second };
  const tail = second.tail().read();
  await second.remove();
  return { environment: undefined, failed, tail };
}
