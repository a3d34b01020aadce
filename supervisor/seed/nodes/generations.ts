import type { Slot } from './node-record.ts';
import type { Floors } from './remembered-node.ts';

type Kind = Slot | 'launch';

/**
 * Refuses credentials of earlier launches. Lambda freezes and thaws functions: one of an earlier launch may
 * wake up after its node was launched anew, and must not take the node back. Later credentials expire later,
 * so their expiry tells the order. Times in ms since the epoch.
 */
export class Generations {
  /** Node id -> the earliest expiry of credentials that are still accepted. */
  readonly #floors = new Map<number, Floors>();
  readonly #onChange: (nodeId: number) => void;

  /** `onChange` is called with the node id when a floor has risen. */
  constructor(onChange: (nodeId: number) => void = () => undefined) {
    this.#onChange = onChange;
  }

  of(nodeId: number): Floors {
    return this.#floors.get(nodeId) ?? {};
  }

  /** Replaces the floors of a node by those that the store or another seed has. */
  load(nodeId: number, floors: Floors): void {
    this.#floors.set(nodeId, floors);
  }

  forget(nodeId: number): void {
    this.#floors.delete(nodeId);
  }

  /** From now on only credentials with this expiry or a later one are accepted. */
  begin(kind: Kind, nodeId: number, expires: number): void {
    const floors = this.of(nodeId);
    if (floors[kind] === expires) return;
    this.#floors.set(nodeId, { ...floors, [kind]: expires });
    this.#onChange(nodeId);
  }

  /** Whether credentials with this expiry are accepted. If they are, older ones no longer are. */
  admit(kind: Kind, nodeId: number, expires: number): boolean {
    if (expires < (this.of(nodeId)[kind] ?? 0)) return false;
    this.begin(kind, nodeId, expires);
    return true;
  }
}
