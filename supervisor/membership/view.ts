import type { Endpoint } from '../control/endpoint.ts';
import type { Member, MembershipUpdate } from '../protocol/membership.ts';

/**
 * How long members are kept that a restarted seed has not named yet, ms. Nodes may take as long to return.
 */
const KEEP = 5000;

/** A node's view of the other nodes. */
export class Membership {
  readonly members = new Map<number, Member>();
  gateways: readonly string[] = [];
  /** Other seeds of the project. */
  seeds: readonly Endpoint[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #keep: number;
  #seed: string | undefined;
  /** Members from before the seed's restart that the seed has not named yet. */
  #kept = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(keep = KEEP) {
    this.#keep = keep;
  }

  /** Calls `listener` after each update. Returns a function that unsubscribes `listener`. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  apply(update: MembershipUpdate): void {
    if (update.snapshot) this.#startOver(update);
    for (const id of update.removed) {
      this.members.delete(id);
      this.#kept.delete(id);
    }
    for (const member of update.nodes) {
      this.members.set(member.id, member);
      this.#kept.delete(member.id);
    }
    if (update.gateways) this.gateways = update.gateways.names;
    this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #startOver({ seed }: MembershipUpdate): void {
    // A restarted seed learns of its nodes as they return. Guests must not notice the restart.
    const restarted = this.#seed !== undefined && this.#seed !== seed;
    this.#seed = seed;
    if (restarted) {
      this.#kept = new Set(this.members.keys());
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#dropKept(), this.#keep);
      this.#timer.unref();
    } else for (const id of [...this.members.keys()]) if (!this.#kept.has(id)) this.members.delete(id);
  }

  #dropKept(): void {
    if (this.#kept.size === 0) return;
    for (const id of this.#kept) this.members.delete(id);
    this.#kept.clear();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
