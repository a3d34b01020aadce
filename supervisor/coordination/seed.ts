import { randomBytes } from 'node:crypto';
import type { HeartbeatOptions } from '../control/heartbeat.ts';
import { listenControl } from '../control/listen.ts';
import { parseIdentity } from '../control/psk.ts';
import { countRelay } from '../metrics/count-relay.ts';
import {
  NO_SEED_OBSERVER,
  type SeedObserver,
  type SeedStatus,
  type TransportCounts,
} from '../metrics/seed-observer.ts';
import { type RelayOptions, relayOptionsOf, startRelay } from '../network/relay/relay.ts';
import type { SeedConfig } from '../published/node-config.ts';
import type { Addon } from '../service/addon.ts';
import type { Store } from '../store/store.ts';
import { Admission } from './admission.ts';
import { FilterProbe } from './filter-probe.ts';
import { FlowEnds } from './flow-ends.ts';
import { Flows } from './flows.ts';
import { Gateways, type Resolver, type ReverseResolver } from './gateways.ts';
import { Meetings } from './meetings.ts';
import { MembershipStream } from './membership-stream.ts';
import { NamePolicy } from './name-policy.ts';
import { startObserver } from './observer.ts';
import { parseRange } from './overlay-range.ts';
import { ownAddress } from './own-address.ts';
import { PeerSeeds } from './peer-seeds.ts';
import { PhantomWays } from './phantom-ways.ts';
import { Probes } from './probes.ts';
import { Quotas, SEED_LIMITS, type SeedLimits } from './quotas.ts';
import { Relays } from './relays.ts';
import type { SeedContext } from './seed-context.ts';
import { openMemory } from './seed-memory.ts';
import { serveSession } from './serve-session.ts';
import { returnMemory } from './small-memory.ts';
import { transportCounts } from './transport-counts.ts';

export interface SeedOptions {
  readonly config: SeedConfig;
  readonly projectKey: Buffer;
  readonly addon: Addon;
  /** Ends the seed and its sessions; its flows may go on for `drain`. */
  readonly signal: AbortSignal;
  /** ms that flows have to end by themselves; 0 unless told otherwise. */
  readonly drain?: number | undefined;
  /** Takes lines without their ends. */
  readonly log?: ((line: string) => void) | undefined;
  /** All IPv4 addresses unless told otherwise. */
  readonly host?: string | undefined;
  readonly resolver?: Resolver | undefined;
  readonly reverse?: ReverseResolver | undefined;
  /** Where nodes reach this seed, for the nodes of other seeds; its own address on the network with that name unless told otherwise. */
  readonly advertise?: string | undefined;
  /** In place of the one that the configuration says; the caller closes it. */
  readonly store?: Store | undefined;
  /** For the servers of the store. */
  readonly credentials?: string | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly relay?: Partial<RelayOptions> | undefined;
  readonly observer?: SeedObserver | undefined;
  readonly limits?: Partial<SeedLimits> | undefined;
}

/** Of thousands of connections, bytes that each hands to TLS at once: with the record around them they fit the buffer of 1 KiB that it begins with. */
const MAX_WRITE = 1000;

export interface Seed {
  readonly port: number;
  /** For metrics. */
  status(): SeedStatus;
  /** Asks the nodes; at most once in 5 s, and a second for those that do not answer. */
  transports(): Promise<TransportCounts>;
  /** Resolves when the seed has ended and its sockets are closed. */
  readonly closed: Promise<void>;
}

/** Starts the coordinator of a project. Rejects with BoxerError CONFIG for a bad range, with the system's error for a taken port. */
export async function startSeed(options: SeedOptions): Promise<Seed> {
  const { config, projectKey, addon, signal, host, log = () => undefined } = options;
  const { observer: meter = NO_SEED_OBSERVER } = options;
  const limits = { ...SEED_LIMITS, ...options.limits };
  const range = parseRange(config.overlay);
  const { relay, carried } = countRelay(
    await startRelay({ addon, host, log, ...relayOptionsOf(config.relay), ...options.relay }),
  );
  const memory = await openMemory({
    ...{ config, projectKey, range, log, store: options.store, credentials: options.credentials },
  }).catch((error: unknown) => {
    relay.close();
    throw error;
  });
  const { registry } = memory;
  const seedName = randomBytes(8).toString('hex');
  const gateways = new Gateways(config, memory.hosts, options.resolver, options.reverse);
  const stream = new MembershipStream(seedName, registry, (on) => gateways.namesToAsk(on), meter);
  const names = new NamePolicy(config);
  names.follow(registry);
  const admission = new Admission(projectKey);
  const relays = new Relays(log);
  const hasOutside = config.advertise !== undefined;
  const ends = new FlowEnds(relay, relays);
  const flows = new Flows({ range, registry, gateways, relay, relays, ends, hasOutside });
  const release = (error: unknown): never => {
    relay.close();
    void memory.close();
    throw error;
  };
  const observer = await startObserver(host, config.observers).catch(release);
  const filterProbe = new FilterProbe();
  const context: SeedContext = {
    config,
    ...memory,
    peerSeeds: () => peerSeeds,
    admission,
    stream,
    gateways,
    flows,
    phantomWays: new PhantomWays({ gateways, relay, ends }),
    relays,
    meetings: new Meetings(registry),
    filterProbe,
    probes: new Probes(filterProbe),
    names,
    quotas: new Quotas(limits),
    observers: observer.ports,
    log,
  };
  let peerSeeds: PeerSeeds | undefined;
  const apart = new AbortController();
  const tidy = returnMemory(addon, apart.signal);
  const listener = await listenControl({
    port: config.port,
    host,
    heartbeat: options.heartbeat,
    observer: meter,
    rateLimit: limits.rate,
    maxWrite: MAX_WRITE,
    maxHandshakes: limits.handshakes,
    maxHandshakesPerAddress: limits.handshakesPerAddress,
    pskFor: (identity) => admission.pskFor(identity),
    onSession: (session, text) => {
      tidy();
      void session.closed.then(tidy);
      const identity = parseIdentity(text);
      if (identity) serveSession(context, session, identity);
    },
  }).catch((error: unknown) => {
    observer.close();
    return release(error);
  });
  const { bus } = memory.store;
  if (bus)
    peerSeeds = await PeerSeeds.open({
      ...memory,
      ...{ bus, log, name: seedName, signal: apart.signal },
      at: { address: options.advertise ?? (await ownAddress(host)), port: listener.port },
    });
  log(`seed of ${config.project} listens on port ${listener.port}`);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    // First of all: that the sessions end now is nothing to remember.
    apart.abort();
    const remembered = memory.close();
    stream.close();
    const drained = relay.drain(options.drain ?? 0);
    observer.close();
    resolve(Promise.all([listener.close(), drained, remembered]).then(() => undefined));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const status = (): SeedStatus => {
    const { flows: carrying, bytes: held, refused } = relay.status();
    return {
      nodes: registry.all().map(({ role, host: up }) => ({
        role,
        state: up ? 'up' : 'starting',
        nat: up?.nat ?? 'unknown',
      })),
      relay: { flows: carrying, held, refused, bytes: carried() },
    };
  };
  return { port: listener.port, status, transports: transportCounts(() => registry.all()), closed };
}

/** Coordinates a project until `signal` aborts. Errors as `startSeed`. */
export async function runSeed(options: SeedOptions): Promise<void> {
  const { closed } = await startSeed(options);
  await closed;
}
