import { isDeepStrictEqual } from 'node:util';
import { backoff } from '../../control/backoff.ts';
import { codeOf, describeFailure } from '../../control/control-error.ts';
import type { Change, Store } from '../store/store.ts';
import type { Absentees } from './absentees.ts';
import { Generations } from './generations.ts';
import type { NodeIds } from './node-ids.ts';
import type { NodeRecord } from './node-record.ts';
import type { NodeRegistry } from './node-registry.ts';
import { higherFloors, parseRememberedNode, type RememberedNode } from './remembered-node.ts';

/**
 * How long a node may return after it was last recorded, ms. Functions live for 15 minutes at most; a
 * container's host may sleep for days.
 */
export const LEASE = { function: 86_400_000, container: 30 * 86_400_000 } as const;

/** Maximum number of entries that are written at the same time. */
const BATCH = 256;

interface Known {
  readonly node: RememberedNode;
  /** The entry's revision in the store; undefined until it is written. */
  readonly revision: number | undefined;
}

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
  readonly generations = new Generations((id) => this.#touch(id));
  readonly #options: LedgerOptions;
  readonly #known = new Map<number, Known>();
  readonly #dirty = new Set<number>();
  /** Changes of entries that arrived while these entries were being written. */
  readonly #missed = new Map<number, Change>();
  readonly #inFlight = new Set<number>();
  #writing: Promise<void> | undefined;
  #registry: NodeRegistry | undefined;
  /** The seed is ending: nothing more is written. */
  #frozen = false;

  private constructor(options: LedgerOptions) {
    this.#options = options;
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
      const now = Date.now();
      const node: RememberedNode = {
        ...{
          service,
          role,
          networks: {},
          container: '',
          duty: 'active',
          ports: [],
          up: false,
          since: now,
          born: now,
          floors: {},
        },
      };
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
      const next = record ? this.#capture(record, known) : known && { ...known, up: false, ports: [] };
      if (!next || isDeepStrictEqual(next, known)) return;
      this.#known.set(id, { node: next, revision: this.#known.get(id)?.revision });
      this.#touch(id);
    });
  }

  /**
   * Stops recording, as further changes are caused by the seed's own end. Resolves when all earlier changes
   * are written.
   */
  async freeze(): Promise<void> {
    this.#frozen = true;
    await this.#writing;
  }

  #capture(record: NodeRecord, known: RememberedNode | undefined): RememberedNode {
    return {
      service: record.service,
      role: record.role,
      networks: record.networks,
      container: record.container,
      duty: record.duty,
      ports: record.ports,
      up: record.host !== undefined,
      since: record.since,
      born: known?.born ?? Date.now(),
      floors: this.generations.of(record.id),
    };
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

  #touch(id: number): void {
    if (this.#frozen) return;
    const known = this.#known.get(id);
    if (known) {
      const floors = this.generations.of(id);
      this.#known.set(id, { ...known, node: { ...known.node, floors } });
    }
    this.#dirty.add(id);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { signal, log } = this.#options;
    // Further changes in this turn of the event loop are written together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let attempt = 0; this.#dirty.size > 0; ) {
      const batch = [...this.#dirty].slice(0, BATCH);
      const outcomes = await Promise.allSettled(batch.map((id) => this.#writeOne(id)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (!failed) attempt = 0;
      else {
        if (attempt === 0)
          log(`what is known of nodes waits for the store: ${describeFailure(failed.reason).message}`);
        attempt += 1;
        if (
          this.#frozen ||
          !(await backoff(attempt, signal).then(
            () => true,
            () => false,
          ))
        )
          return;
      }
    }
  }

  async #writeOne(id: number): Promise<void> {
    this.#dirty.delete(id);
    const known = this.#known.get(id);
    if (!known) return;
    const { store } = this.#options;
    const { node } = known;
    this.#inFlight.add(id);
    try {
      const revision = await store.put(keyOf(id), node, { ttl: LEASE[node.role], revision: known.revision });
      if (revision === undefined) await this.#merge(id);
      else this.#known.set(id, { node: this.#known.get(id)?.node ?? node, revision });
    } catch (error) {
      this.#dirty.add(id);
      throw error;
    } finally {
      this.#inFlight.delete(id);
      const missed = this.#missed.get(id);
      this.#missed.delete(id);
      if (missed) this.#noteChange(missed);
    }
  }

  /**
   * Merges an entry that another seed has written: the function may be connected to one seed, and its phantom
   * to the other.
   */
  async #merge(id: number): Promise<void> {
    const entry = await this.#options.store.get(keyOf(id));
    const mine = this.#known.get(id)?.node;
    if (!mine) return;
    const theirs = entry && parseRememberedNode(entry.value);
    if (theirs && theirs.born > mine.born) {
      this.#adopt(id, theirs, entry.revision);
      return;
    }
    const floors = higherFloors(mine.floors, theirs?.floors ?? {});
    this.generations.load(id, floors);
    this.#known.set(id, { node: { ...mine, floors }, revision: entry?.revision });
    this.#dirty.add(id);
  }

  /**
   * Takes over an entry of the store, whichever seed wrote it. Returns the node's id; undefined if the entry
   * was not used.
   */
  #noteChange(change: Change): number | undefined {
    const { key, value, revision } = change;
    const id = Number(key.slice(key.indexOf('.') + 1));
    const known = this.#known.get(id);
    if (this.#inFlight.has(id)) this.#missed.set(id, change);
    const old = revision <= (known?.revision ?? 0) || this.#dirty.has(id) || this.#inFlight.has(id);
    if (this.#frozen || old) return undefined;
    if (value === undefined) {
      this.#forget(id);
      // The lease has ended while the node is connected, so a new lease begins.
      if (known && this.#registry?.get(id)) {
        this.#known.set(id, { node: known.node, revision: undefined });
        this.generations.load(id, known.node.floors);
        this.#touch(id);
      }
      return id;
    }
    try {
      this.#adopt(id, parseRememberedNode(value), revision);
      return id;
    } catch (error) {
      this.#options.log(`store: the entry ${key} cannot be read (${codeOf(error)}) and is ignored`);
      return undefined;
    }
  }

  #forget(id: number): void {
    this.#known.delete(id);
    this.generations.forget(id);
  }

  #adopt(id: number, node: RememberedNode, revision: number): void {
    const known = this.#known.get(id);
    this.#known.set(id, { node, revision });
    this.generations.load(
      id,
      known?.node.born === node.born ? higherFloors(known.node.floors, node.floors) : node.floors,
    );
    this.#options.ids.rest(id);
  }
}

function keyOf(id: number): string {
  return `node.${id}`;
}
