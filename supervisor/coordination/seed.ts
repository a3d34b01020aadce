import { randomBytes } from 'node:crypto';
import type { HeartbeatOptions } from '../control/heartbeat.ts';
import { listenControl } from '../control/listen.ts';
import type { PumpAddon } from '../network/relay/pump.ts';
import { type RelayLimits, startRelay } from '../network/relay/relay.ts';
import type { SeedConfig } from '../published/node-config.ts';
import { Admission } from './admission.ts';
import { Flows } from './flows.ts';
import { Gateways, type Resolver } from './gateways.ts';
import { Generations } from './generations.ts';
import { MembershipStream } from './membership-stream.ts';
import { NodeRegistry } from './node-registry.ts';
import { parseRange } from './overlay-range.ts';
import type { SeedContext } from './seed-context.ts';
import { serveSession } from './serve-session.ts';

export interface SeedOptions {
  readonly config: SeedConfig;
  readonly projectKey: Buffer;
  readonly addon: PumpAddon;
  /** Ends the seed and its sessions; its flows may go on for `drain`. */
  readonly signal: AbortSignal;
  /** ms that flows have to end by themselves; 0 unless told otherwise. */
  readonly drain?: number | undefined;
  /** Takes lines without their ends. */
  readonly log?: ((line: string) => void) | undefined;
  /** All IPv4 addresses unless told otherwise. */
  readonly host?: string | undefined;
  readonly resolver?: Resolver | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly relayLimits?: Partial<RelayLimits> | undefined;
}

export interface Seed {
  readonly port: number;
  /** Resolves when the seed has ended and its sockets are closed. */
  readonly closed: Promise<void>;
}

/** Starts the coordinator of a project. Rejects with BoxerError CONFIG for a bad range, with the system's error for a taken port. */
export async function startSeed(options: SeedOptions): Promise<Seed> {
  const { config, projectKey, addon, signal, host, log = () => undefined } = options;
  const range = parseRange(config.overlay);
  const relay = await startRelay({ addon, host, log, limits: options.relayLimits });
  const registry = new NodeRegistry(range);
  const gateways = new Gateways(config, range, options.resolver);
  const stream = new MembershipStream(randomBytes(8).toString('hex'), registry, (on) =>
    gateways.namesToAsk(on),
  );
  const admission = new Admission(projectKey);
  const flows = new Flows({ range, registry, gateways, relay });
  const generations = new Generations();
  const context: SeedContext = { config, admission, generations, registry, stream, gateways, flows, log };
  const listener = await listenControl({
    port: config.port,
    host,
    heartbeat: options.heartbeat,
    pskFor: (identity) => admission.pskFor(identity),
    onSession: (session, text) => {
      const identity = admission.redeem(text);
      if (identity) serveSession(context, session, identity);
      else void session.close('a launch is used once');
    },
  }).catch((error: unknown) => {
    relay.close();
    throw error;
  });
  log(`seed of ${config.project} listens on port ${listener.port}`);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    stream.close();
    const drained = relay.drain(options.drain ?? 0);
    resolve(Promise.all([listener.close(), drained]).then(() => undefined));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return { port: listener.port, closed };
}

/** Coordinates a project until `signal` aborts. Errors as `startSeed`. */
export async function runSeed(options: SeedOptions): Promise<void> {
  const { closed } = await startSeed(options);
  await closed;
}
