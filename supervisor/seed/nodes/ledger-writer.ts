import { backoff } from '../../control/backoff.ts';
import { describeFailure } from '../../control/control-error.ts';
import type { Change, Store } from '../store/store.ts';
import type { Generations } from './generations.ts';
import type { KnownNodes } from './known-nodes.ts';
import { LEASE } from './lease.ts';
import { higherFloors, keyOf, parseRememberedNode } from './remembered-node.ts';

/** Maximum number of entries that are written at the same time. */
const BATCH = 256;

interface WriterOptions {
  readonly store: Store;
  readonly known: KnownNodes;
  readonly generations: Generations;
  /** Called after the write of an entry with a change of it that arrived during the write. */
  readonly onMissed: (change: Change) => void;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes what the ledger knows of nodes to the store, with a delay. While the store is away, it tries again
 * with growing pauses.
 */
export class LedgerWriter {
  readonly #options: WriterOptions;
  readonly #dirty = new Set<number>();
  readonly #inFlight = new Set<number>();
  /** Changes of entries that arrived while these entries were being written. */
  readonly #missed = new Map<number, Change>();
  #writing: Promise<void> | undefined;
  #isFrozen = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Whether the ledger knows something of the node that the store may not have yet. */
  isBehind(id: number): boolean {
    return this.#dirty.has(id) || this.#inFlight.has(id);
  }

  /** Writes the entry of a node soon. Does nothing once the writer is frozen. */
  touch(id: number): void {
    if (this.#isFrozen) return;
    this.#options.known.noteFloors(id);
    this.#dirty.add(id);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Keeps a change of an entry that is being written for `onMissed`. */
  miss(id: number, change: Change): void {
    if (this.#inFlight.has(id)) this.#missed.set(id, change);
  }

  /** Accepts no further changes. Resolves when all earlier changes are written. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await this.#writing;
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
        if (this.#isFrozen || !(await hasWaited(attempt, signal))) return;
      }
    }
  }

  async #writeOne(id: number): Promise<void> {
    const { store, known, onMissed } = this.#options;
    this.#dirty.delete(id);
    const entry = known.get(id);
    if (!entry) return;
    const { node } = entry;
    this.#inFlight.add(id);
    try {
      const revision = await store.put(keyOf(id), node, { ttl: LEASE[node.role], revision: entry.revision });
      if (revision === undefined) await this.#merge(id);
      else known.set(id, { node: known.get(id)?.node ?? node, revision });
    } catch (error) {
      this.#dirty.add(id);
      throw error;
    } finally {
      this.#inFlight.delete(id);
      const missed = this.#missed.get(id);
      this.#missed.delete(id);
      if (missed) onMissed(missed);
    }
  }

  /**
   * Merges an entry that another seed has written: the function may be connected to one seed, and its phantom
   * to the other.
   */
  async #merge(id: number): Promise<void> {
    const { store, known, generations } = this.#options;
    const entry = await store.get(keyOf(id));
    const mine = known.get(id)?.node;
    if (!mine) return;
    const theirs = entry && parseRememberedNode(entry.value);
    if (theirs && theirs.born > mine.born) {
      known.adopt(id, theirs, entry.revision);
      return;
    }
    const floors = higherFloors(mine.floors, theirs?.floors ?? {});
    generations.load(id, floors);
    known.set(id, { node: { ...mine, floors }, revision: entry?.revision });
    this.#dirty.add(id);
  }
}

/** Resolves to false if the signal aborts during the pause. */
function hasWaited(attempt: number, signal: AbortSignal): Promise<boolean> {
  return backoff(attempt, signal).then(
    () => true,
    () => false,
  );
}
