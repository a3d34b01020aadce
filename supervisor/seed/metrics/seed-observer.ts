import { type ControlObserver, NO_OBSERVER } from '../../control/control-observer.ts';

/** Is notified of events at a seed: numbers only, never a name, an address or a key. */
export interface SeedObserver extends ControlObserver {
  /**
   * The seed has reported `changes` changed nodes to `receivers` nodes. That took `ms` milliseconds; the
   * first change was `age` ms ago.
   */
  fannedOut(changes: number, receivers: number, ms: number, age: number): void;
}

export const NO_SEED_OBSERVER: SeedObserver = { ...NO_OBSERVER, fannedOut: () => undefined };

/** By transport (direct, punch, relay): pairs of nodes, and their connections as `PairStatus` counts them. */
export type TransportCounts = ReadonlyMap<string, { readonly pairs: number; readonly connections: number }>;

/** The current load of a seed. */
export interface SeedStatus {
  readonly nodes: readonly { readonly role: string; readonly state: string; readonly nat: string }[];
  readonly relay: {
    readonly flows: number;
    /** Bytes that one end has sent and the other has not taken. */
    readonly held: number;
    /** Bytes carried so far. */
    readonly bytes: number;
    readonly refused: ReadonlyMap<string, number>;
  };
}
