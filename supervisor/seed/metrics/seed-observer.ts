import { type ControlObserver, NO_OBSERVER } from '../../control/control-observer.ts';

/** Is notified of what happens at a seed: numbers only, never a name, an address or a key. */
export interface SeedObserver extends ControlObserver {
  /**
   * So many changed nodes were reported to so many receivers; that took `ms`, and `age` ms had passed since
   * the first change.
   */
  fannedOut(changes: number, receivers: number, ms: number, age: number): void;
}

export const NO_SEED_OBSERVER: SeedObserver = { ...NO_OBSERVER, fannedOut: () => undefined };

/** By transport (direct, punch, relay): pairs of nodes, and their connections as `PairStatus` counts them. */
export type TransportCounts = ReadonlyMap<string, { readonly pairs: number; readonly connections: number }>;

/** What a seed is busy with at this moment. */
export interface SeedStatus {
  readonly nodes: readonly { readonly role: string; readonly state: string; readonly nat: string }[];
  readonly relay: {
    readonly flows: number;
    /** bytes that one end has sent and the other has not taken */
    readonly held: number;
    /** carried so far */
    readonly bytes: number;
    readonly refused: ReadonlyMap<string, number>;
  };
}
