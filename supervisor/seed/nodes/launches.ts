import { ControlError } from '../../control/control-error.ts';
import { fieldsOf } from '../../protocol/fields.ts';
import type { Store } from '../store/store.ts';

/** Of an expired launch nothing needs to be known; clocks of seeds may differ by this, ms. */
const MARGIN = 60_000;

/** Which launches have been used: one may run once, whatever seed it comes to, and whether or not that has been restarted. */
export class Launches {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Leases a launch to the invocation that says `claim`; it may ask again, having lost the answer. Rejects with ControlError
   * EALREADY for any other, and as `Store`.
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
