import type { Slot } from './node-record.ts';
import type { Floors } from './remembered-node.ts';

type Kind = Slot | 'launch';

/**
 * Refuses credentials of earlier launches. Lambda freezes and thaws functions: a function of an earlier
 * launch may wake up after its node was launched anew, and must not take the node back. Later credentials
 * expire later, so their expiry shows the order. Times are in ms since the epoch.
 */
export class Generations {
  /** Maps a node id to the earliest expiry of credentials that are still accepted. */
  readonly #floors = new Map<number, Floors>();
  readonly #onChange: (nodeId: number) => void;

  /** Calls `onChange` with the node id when a floor has risen. */
  constructor(onChange: (nodeId: number) => void = () => undefined) {
    this.#onChange = onChange;
  }

  of(nodeId: number): Floors {
    return this.#floors.get(nodeId) ?? {};
  }

  /** Replaces the floors of a node by those of the store or of another seed. */
  load(nodeId: number, floors: Floors): void {
    this.#floors.set(nodeId, floors);
  }

  forget(nodeId: number): void {
    this.#floors.delete(nodeId);
  }

  /** Accepts only credentials with this expiry or a later one from now on. */
  begin(kind: Kind, nodeId: number, expires: number): void {
    const floors = this.of(nodeId);
    if (floors[kind] === expires) return;
    this.#floors.set(nodeId, { ...floors, [kind]: expires });
    this.#onChange(nodeId);
  }

  /**
   * Returns whether credentials with this expiry are accepted. If they are, older ones are refused from now
   * on.
   */
  admit(kind: Kind, nodeId: number, expires: number): boolean {
    if (expires < (this.of(nodeId)[kind] ?? 0)) return false;
    this.begin(kind, nodeId, expires);
    return true;
  }
}
