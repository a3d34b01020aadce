import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import {
  type Introduction,
  type JoinOptions,
  type JoinRequest,
  joinOverlay,
  type Overlay,
} from '../membership/join.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import type { SeedConfig } from '../published/node-config.ts';
import { builtAddon } from '../service/addon-testbed.ts';
import { type Seed, type SeedOptions, startSeed } from './seed.ts';
import { createMemoryStore } from './store/sqlite-store.ts';

/** For tests: a seed and its nodes in one process, on loopback. */

export const projectKey = Buffer.alloc(32, 5);

export const config: SeedConfig = {
  version: 1,
  project: 'shop',
  overlay: '198.18.0.0/15',
  port: 0,
  gateways: [
    { service: 'redis', networks: { back: ['redis', 'cache'] } },
    { service: 'proxy', networks: { front: ['Proxy'] } },
  ],
};

type NodeOptions = Partial<JoinOptions> & { networks?: JoinRequest['networks'] };

export interface Testbed {
  readonly seed: Seed;
  /** Joins as a container of `service` on network `front`, unless the options say otherwise. */
  join(service: string, options?: NodeOptions): Promise<Overlay>;
  /** Ends the seed like a crash: the sessions close without a message. */
  stopSeed(): Promise<void>;
  startSeed(options?: Partial<SeedOptions>): Promise<void>;
  close(): Promise<void>;
}

export async function createTestbed(seedOptions: Partial<SeedOptions> = {}): Promise<Testbed> {
  const stop = new AbortController();
  const addon = builtAddon();
  // The store outlives the seed, as in a project.
  const memory = seedOptions.store || seedOptions.config?.store ? undefined : createMemoryStore();
  let stopSeed = new AbortController();
  const start = (port: number, options: Partial<SeedOptions>) => {
    stopSeed = new AbortController();
    return startSeed({
      projectKey,
      addon,
      host: '127.0.0.1',
      // All nodes have the same underlay address here, so its name would tell nothing about a node.
      reverse: async () => [],
      signal: stopSeed.signal,
      store: memory,
      ...seedOptions,
      ...options,
      config: { ...config, ...seedOptions.config, ...options.config, port },
    });
  };
  let seed = await start(0, {});
  const overlays: Overlay[] = [];
  return {
    get seed() {
      return seed;
    },
    async join(service, options = {}) {
      const overlay = await joinAs(service, seed.port, stop.signal, options);
      overlays.push(overlay);
      return overlay;
    },
    async stopSeed() {
      stopSeed.abort();
      await seed.closed;
    },
    async startSeed(options = {}) {
      seed = await start(seed.port, options);
    },
    async close() {
      stop.abort();
      await Promise.all(overlays.map((overlay) => overlay.closed));
      stopSeed.abort();
      await seed.closed;
      await memory?.close();
    },
  };
}

function joinAs(
  service: string,
  port: number,
  signal: AbortSignal,
  { networks = { front: [service] }, ...options }: NodeOptions,
): Promise<Overlay> {
  const identity = newServiceIdentity(service);
  return joinOverlay({
    seed: { host: '127.0.0.1', port },
    identity,
    key: pskOf(serviceKey(projectKey, service), identity),
    introduce: bridge,
    signal,
    retryFor: 1000,
    ...options,
    join: options.join ?? {
      role: 'container',
      service,
      networks,
      hostname: service,
      container: `id-of-${service}`,
    },
  });
}

/**
 * Handles an introduction like a supervisor, but without a process monitor: dials the relay and the guest,
 * and joins the two connections.
 */
export async function bridge({ port, relay, token }: Introduction): Promise<void> {
  const guest = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  await once(guest, 'connect');
  const near = connect({ host: relay.address, port: relay.port, allowHalfOpen: true });
  near.write(Buffer.from(token, 'hex'));
  void pipeFlow(near, guest);
}

/** Opens a connection through the relay, as for a guest's connect(). */
export async function open(overlay: Overlay, address: string, port: number): Promise<Socket> {
  const relay = await overlay.connect(address, port);
  const socket = connect({ host: relay.address, port: relay.port, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Resolves when `condition` returns true; checks it now and after each change of membership. */
export async function until(overlay: Overlay, condition: () => boolean): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve) => {
    const unsubscribe = overlay.onChange(() => {
      if (!condition()) return;
      unsubscribe();
      resolve();
    });
  });
}
