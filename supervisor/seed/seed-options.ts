import type { HeartbeatOptions } from '../control/heartbeat.ts';
import type { Logger } from '../log/logger.ts';
import type { RelayOptions } from '../network/relay/relay.ts';
import type { SeedConfig } from '../published/node-config.ts';
import type { Addon } from '../service/addon.ts';
import type { Resolver, ReverseResolver } from './flows/gateways.ts';
import type { SeedObserver } from './metrics/seed-observer.ts';
import type { SeedLimits } from './sessions/quotas.ts';
import type { Store } from './store/store.ts';

export interface SeedOptions {
  readonly config: SeedConfig;
  readonly projectKey: Buffer;
  readonly addon: Addon;
  /** Ends the seed and its sessions; its flows may go on for `drain`. */
  readonly signal: AbortSignal;
  /** ms that flows have to end by themselves; 0 unless told otherwise. */
  readonly drain?: number | undefined;
  readonly log?: Logger | undefined;
  /** All IPv4 addresses unless told otherwise. */
  readonly host?: string | undefined;
  readonly resolver?: Resolver | undefined;
  readonly reverse?: ReverseResolver | undefined;
  /**
   * Where the nodes of other seeds reach this one; unless told otherwise, its address on the network `boxer`.
   */
  readonly advertise?: string | undefined;
  /** In place of the store that the configuration names; the caller closes it. */
  readonly store?: Store | undefined;
  /** For the servers of the store. */
  readonly credentials?: string | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly relay?: Partial<RelayOptions> | undefined;
  readonly observer?: SeedObserver | undefined;
  readonly limits?: Partial<SeedLimits> | undefined;
}
