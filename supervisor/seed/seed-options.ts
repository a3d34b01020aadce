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
  /** Aborting ends the seed and its sessions; its flows may go on for `drain` ms. */
  readonly signal: AbortSignal;
  /** Time that flows have to end by themselves, ms; the default is 0. */
  readonly drain?: number | undefined;
  readonly log?: Logger | undefined;
  /** The address to listen on; the default is all IPv4 addresses. */
  readonly host?: string | undefined;
  readonly resolver?: Resolver | undefined;
  readonly reverse?: ReverseResolver | undefined;
  /**
   * The address at which the nodes of other seeds reach this seed; the default is its address on the network
   * `boxer`.
   */
  readonly advertise?: string | undefined;
  /** Used instead of the store that the configuration names; the caller closes it. */
  readonly store?: Store | undefined;
  /** The credentials for the servers of the store. */
  readonly credentials?: string | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly relay?: Partial<RelayOptions> | undefined;
  readonly observer?: SeedObserver | undefined;
  readonly limits?: Partial<SeedLimits> | undefined;
}
