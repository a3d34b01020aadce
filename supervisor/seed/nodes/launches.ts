import { ControlError } from '../../control/control-error.ts';
import { fieldsOf } from '../../protocol/fields.ts';
import type { Store } from '../store/store.ts';

/** How long a launch is remembered after its expiry, ms. The clocks of seeds may differ by as much. */
const MARGIN = 60_000;

/**
 * The record of used launches. A launch is valid for one function, whichever seed the function joins and
 * however often seeds restart.
 */
export class Launches {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Leases a launch to the process that sends `claim`; that process may repeat the request if it missed the
   * reply. Rejects with ControlError EALREADY for any other process, and with the errors of `Store`.
   */
  async lease(nonce: string, expires: number, claim: string | undefined): Promise<void> {
    const key = `launch.${nonce}`;
    const ttl = Math.max(0, expires - Date.now()) + MARGIN;
    if ((await this.#store.create(key, { claim: claim ?? '' }, { ttl })) !== undefined) return;
    const holder = await this.#store.get(key);
    if (claim && holder && fieldsOf(holder.value).claim === claim) return;
    throw new ControlError('EALREADY', 'this launch has been used: its function is running, or has run');
  }
}
