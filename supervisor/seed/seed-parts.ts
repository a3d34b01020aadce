import { randomBytes } from 'node:crypto';
import { SILENT_LOGGER } from '../log/logger.ts';
import { type Relay, relayOptionsOf, startRelay } from '../network/relay/relay.ts';
import { FilterProbe } from './flows/filter-probe.ts';
import { FlowEnds } from './flows/flow-ends.ts';
import { Flows } from './flows/flows.ts';
import { Gateways } from './flows/gateways.ts';
import { Meetings } from './flows/meetings.ts';
import { type Observer, startObserver } from './flows/observer.ts';
import { PhantomWays } from './flows/phantom-ways.ts';
import { Probes } from './flows/probes.ts';
import { Relays } from './flows/relays.ts';
import { MembershipStream } from './membership/membership-stream.ts';
import { NamePolicy } from './nodes/name-policy.ts';
import { type OverlayRange, parseRange } from './nodes/overlay-range.ts';
import { PeerSeeds } from './peers/peer-seeds.ts';
import type { SeedContext } from './seed-context.ts';
import { openMemory, type SeedMemory } from './seed-memory.ts';
import type { SeedOptions } from './seed-options.ts';
import { Admission } from './sessions/admission.ts';
import { Quotas, SEED_LIMITS } from './sessions/quotas.ts';

/** The open resources of a seed: ports, files, connections. */
export interface Held {
  readonly range: OverlayRange;
  readonly relay: Relay;
  readonly memory: SeedMemory;
  readonly observer: Observer;
}

/**
 * Opens the resources of a seed. Rejects with BoxerError CONFIG or STORE, or with the system's error if a
 * port cannot be opened; then nothing is left open.
 */
export async function openHeld(options: SeedOptions): Promise<Held> {
  const { config, projectKey, addon, host, store, credentials, log = SILENT_LOGGER } = options;
  const range = parseRange(config.overlay);
  const relay = await startRelay({
    addon,
    host,
    log: log.warn,
    ...relayOptionsOf(config.relay),
    ...options.relay,
  });
  let memory: SeedMemory | undefined;
  try {
    memory = await openMemory({ config, projectKey, range, log: log.warn, store, credentials });
    return { range, relay, memory, observer: await startObserver(host, config.observers) };
  } catch (error) {
    relay.close();
    void memory?.close();
    throw error;
  }
}

/** Closes the resources of a seed that could not start. */
export function closeHeld({ relay, memory, observer }: Held): void {
  observer.close();
  relay.close();
  void memory.close();
}

/** Creates the parts that serve sessions. Aborting `signal` ends their background work. */
export function contextOf(options: SeedOptions, held: Held, signal: AbortSignal): SeedContext {
  const { config, projectKey, observer: meter, log = SILENT_LOGGER } = options;
  const { range, relay, memory, observer } = held;
  const { registry } = memory;
  const name = randomBytes(8).toString('hex');
  const gateways = new Gateways(config, memory.hosts, options.resolver, options.reverse);
  const names = new NamePolicy(config);
  names.follow(registry);
  const relays = new Relays(log.info);
  const ends = new FlowEnds(relay, relays);
  const hasOutside = config.advertise !== undefined;
  const filterProbe = new FilterProbe();
  const { bus } = memory.store;
  return {
    config,
    ...memory,
    peerSeeds: bus && new PeerSeeds({ ...memory, bus, log, name, signal }),
    admission: new Admission(projectKey),
    stream: new MembershipStream(name, registry, (on) => gateways.namesToAsk(on), meter),
    gateways,
    flows: new Flows({ range, registry, gateways, relay, relays, ends, hasOutside }),
    phantomWays: new PhantomWays({ gateways, relay, ends }),
    relays,
    meetings: new Meetings(registry),
    filterProbe,
    probes: new Probes(filterProbe),
    names,
    quotas: new Quotas({ ...SEED_LIMITS, ...options.limits }),
    observers: observer.ports,
    log,
  };
}
