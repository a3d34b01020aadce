import type { Generations } from './generations.ts';
import type { NodeIds } from './node-ids.ts';
import { higherFloors, type RememberedNode } from './remembered-node.ts';

/** A node that a seed knows. */
export interface Known {
  readonly node: RememberedNode;
  /** The entry's revision in the store; undefined until it is written. */
  readonly revision: number | undefined;
}

/** The nodes that the ledger of a seed knows, by their ids. */
export class KnownNodes {
  readonly #ids: NodeIds;
  readonly #generations: Generations;
  readonly #known = new Map<number, Known>();

  constructor(ids: NodeIds, generations: Generations) {
    this.#ids = ids;
    this.#generations = generations;
  }

  get(id: number): Known | undefined {
    return this.#known.get(id);
  }

  set(id: number, known: Known): void {
    this.#known.set(id, known);
  }

  /** Takes over an entry of the store. */
  adopt(id: number, node: RememberedNode, revision: number): void {
    const known = this.#known.get(id);
    this.#known.set(id, { node, revision });
    this.#generations.load(
      id,
      known?.node.born === node.born ? higherFloors(known.node.floors, node.floors) : node.floors,
    );
    this.#ids.rest(id);
  }

  forget(id: number): void {
    this.#known.delete(id);
    this.#generations.forget(id);
  }

  /** Copies the present floors of a node into its entry. */
  noteFloors(id: number): void {
    const known = this.#known.get(id);
    if (!known) return;
    this.#known.set(id, { ...known, node: { ...known.node, floors: this.#generations.of(id) } });
  }
}
