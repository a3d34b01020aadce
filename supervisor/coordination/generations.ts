import type { Slot } from './node-record.ts';

/**
 * Refuses the past: of a node that was launched anew, the function of an earlier launch may wake up (Lambda freezes and thaws) and
 * must not take the node back. Later credentials expire later, so their expiry tells the order. Times in ms since the epoch.
 */
export class Generations {
  /** `<slot>/<node id>` -> earliest expiry of credentials that are still good */
  readonly #floor = new Map<string, number>();

  /** From now on only these credentials and later ones are good. */
  begin(kind: Slot | 'launch', nodeId: number, expires: number): void {
    this.#floor.set(`${kind}/${nodeId}`, expires);
  }

  /** Whether credentials are good; those older than good ones that were shown no longer are. */
  admit(kind: Slot | 'launch', nodeId: number, expires: number): boolean {
    const key = `${kind}/${nodeId}`;
    if (expires < (this.#floor.get(key) ?? 0)) return false;
    this.#floor.set(key, expires);
    return true;
  }
}
