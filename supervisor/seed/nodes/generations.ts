import type { Slot } from './node-record.ts';
import type { Floors } from './remembered-node.ts';

type Kind = Slot | 'launch';

/**
 * Refuses the past: of a node that was launched anew, the function of an earlier launch may wake up (Lambda freezes and thaws) and
 * must not take the node back. Later credentials expire later, so their expiry tells the order. Times in ms since the epoch.
 */
export class Generations {
  /** Node id -> earliest expiry of credentials that are still good */
  readonly #floors = new Map<number, Floors>();
  readonly #onChange: (nodeId: number) => void;

  /** `onChange` is called when a floor has risen. */
  constructor(onChange: (nodeId: number) => void = () => undefined) {
    this.#onChange = onChange;
  }

  of(nodeId: number): Floors {
    return this.#floors.get(nodeId) ?? {};
  }

  /** What is known of a node from elsewhere, in place of what was. */
  load(nodeId: number, floors: Floors): void {
    this.#floors.set(nodeId, floors);
  }

  forget(nodeId: number): void {
    this.#floors.delete(nodeId);
  }

  /** From now on only these credentials and later ones are good. */
  begin(kind: Kind, nodeId: number, expires: number): void {
    const floors = this.of(nodeId);
    if (floors[kind] === expires) return;
    this.#floors.set(nodeId, { ...floors, [kind]: expires });
    this.#onChange(nodeId);
  }

  /** Whether credentials are good; those older than good ones that were shown no longer are. */
  admit(kind: Kind, nodeId: number, expires: number): boolean {
    if (expires < (this.of(nodeId)[kind] ?? 0)) return false;
    this.begin(kind, nodeId, expires);
    return true;
  }
}
