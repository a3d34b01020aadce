import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../../control/control-error.ts';
import type { Change, Store } from '../store/store.ts';
import type { Absentees } from './absentees.ts';
import { Generations } from './generations.ts';
import { KnownNodes } from './known-nodes.ts';
import { LEASE } from './lease.ts';
import { LedgerWriter } from './ledger-writer.ts';
import type { NodeIds } from './node-ids.ts';
import type { NodeRecord } from './node-record.ts';
import type { NodeRegistry } from './node-registry.ts';
import {
  keyOf,
  newNode,
  parseRememberedNode,
  type RememberedNode,
  rememberedNodeOf,
} from './remembered-node.ts';

export interface LedgerOptions {
  readonly store: Store;
  readonly ids: NodeIds;
  readonly absentees: Absentees;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Records which node has which id. Ids are given out atomically among all seeds of the project. An id is kept
 * for the node's lease, so that the node can return under it and an earlier launch of the node cannot.
 * Changes of a node are written with a delay; if a crash loses them, the node reports them again.
 */
export class NodeLedger {
  readonly generations = new Generations((id) => this.#writer.touch(id));
  readonly #options: LedgerOptions;
  readonly #known: KnownNodes;
  readonly #writer: LedgerWriter;
  #registry: NodeRegistry | undefined;

  private constructor(options: LedgerOptions) {
    const { store, ids, log, signal } = options;
    const { generations } = this;
    this.#options = options;
    this.#known = new KnownNodes(ids, generations);
    const onMissed = (change: Change) => this.#noteChange(change);
    this.#writer = new LedgerWriter({ store, known: this.#known, generations, onMissed, log, signal });
  }

  /**
   * Reads the ledger from the store, and follows the changes of other seeds. Rejects with the errors of
   * `Store`.
   */
  static async open(options: LedgerOptions): Promise<NodeLedger> {
    const ledger = new NodeLedger(options);
    let reading = true;
    await options.store.watch(
      'node',
      (change) => {
        const id = ledger.#noteChange(change);
        const known = id === undefined ? undefined : ledger.#known.get(id);
        if (!reading || id === undefined || !known?.node.up) return;
        options.absentees.add(id);
      },
      options.signal,
    );
    reading = false;
    return ledger;
  }

  get(id: number): RememberedNode | undefined {
    return this.#known.get(id)?.node;
  }

  /**
   * Resolves to the node with this id, even if another seed has created it just now. Rejects with the errors
   * of `Store`.
   */
  async find(id: number): Promise<RememberedNode | undefined> {
    const { store } = this.#options;
    const known = this.get(id);
    if (known) return known;
    const entry = await store.get(keyOf(id));
    if (!entry) return undefined;
    this.#noteChange({ key: keyOf(id), value: entry.value, revision: entry.revision });
    return this.get(id);
  }

  /**
   * Takes a free id for a new node. Rejects with ControlError ENOSPC when the overlay is full, and with the
   * errors of `Store`.
   */
  async allocate(service: string, role: NodeRecord['role']): Promise<number> {
    const { ids, store, absentees } = this.#options;
    for (;;) {
      const id = ids.allocate();
      const node = newNode(service, role);
      const revision = await this.#enter(store, id, node).catch((error: unknown) => {
        ids.release(id);
        throw error;
      });
      if (revision !== undefined) {
        this.generations.load(id, {});
        absentees.remove(id);
        this.#known.set(id, { node, revision });
        return id;
      }
      // Another seed has taken the id first.
      ids.release(id);
    }
  }

  /** Records the changes of a registry's nodes. Returns a function that stops this. */
  follow(registry: NodeRegistry): () => void {
    this.#registry = registry;
    return registry.onChange((id) => {
      const record = registry.get(id);
      // The seed to which the node is connected records it.
      if (record && [record.host, record.phantom].every((end) => end === undefined || end.seed !== undefined))
        return;
      const known = this.#known.get(id)?.node;
      // A node that has gone stays recorded, until its lease ends or its id is given to another node.
      const next = record
        ? rememberedNodeOf(record, known, this.generations.of(id))
        : known && { ...known, up: false, ports: [] };
      if (!next || isDeepStrictEqual(next, known)) return;
      this.#known.set(id, { node: next, revision: this.#known.get(id)?.revision });
      this.#writer.touch(id);
    });
  }

  /**
   * Stops recording, as further changes are caused by the seed's own end. Resolves when all earlier changes
   * are written.
   */
  async freeze(): Promise<void> {
    await this.#writer.freeze();
  }

  /**
   * Replaces the entry of the last node with this id if the ledger knows one; otherwise creates the entry.
   * Resolves to undefined if another seed has written it first.
   */
  #enter(store: Store, id: number, node: RememberedNode): Promise<number | undefined> {
    const ttl = LEASE[node.role];
    const revision = this.#known.get(id)?.revision;
    return revision === undefined
      ? store.create(keyOf(id), node, { ttl })
      : store.put(keyOf(id), node, { ttl, revision });
  }

  /**
   * Takes over an entry of the store, whichever seed wrote it. Returns the node's id; undefined if the entry
   * was not used.
   */
  #noteChange(change: Change): number | undefined {
    const { key, value, revision } = change;
    const id = Number(key.slice(key.indexOf('.') + 1));
    const known = this.#known.get(id);
    this.#writer.miss(id, change);
    const isOld = revision <= (known?.revision ?? 0) || this.#writer.isBehind(id);
    if (this.#writer.isFrozen || isOld) return undefined;
    if (value === undefined) {
      this.#known.forget(id);
      // The lease has ended while the node is connected, so a new lease begins.
      if (known && this.#registry?.get(id)) {
        this.#known.set(id, { node: known.node, revision: undefined });
        this.generations.load(id, known.node.floors);
        this.#writer.touch(id);
      }
      return id;
    }
    try {
      this.#known.adopt(id, parseRememberedNode(value), revision);
      return id;
    } catch (error) {
      this.#options.log(`store: the entry ${key} cannot be read (${codeOf(error)}) and is ignored`);
      return undefined;
    }
  }
}
