import { type ControlListener, listenControl } from '../control/listen.ts';
import { parseIdentity } from '../control/psk.ts';
import { SILENT_LOGGER } from '../log/logger.ts';
import { TransportCounter } from './admin/transport-counts.ts';
import type { SeedStatus, TransportCounts } from './metrics/seed-observer.ts';
import { ownAddress } from './peers/own-address.ts';
import type { SeedContext } from './seed-context.ts';
import type { SeedOptions } from './seed-options.ts';
import { closeHeld, contextOf, type Held, openHeld } from './seed-parts.ts';
import { SEED_LIMITS } from './sessions/quotas.ts';
import { serveSession } from './sessions/serve-session.ts';
import { returnMemory } from './small-memory.ts';

export type { SeedOptions } from './seed-options.ts';

/**
 * Maximum number of bytes that a connection hands to TLS at once. With the record around them, they fit the
 * buffer of 1 KiB with which a connection begins; there may be thousands of connections.
 */
const MAX_WRITE = 1000;

/**
 * Starts the seed of a project. Rejects with BoxerError CONFIG for an invalid range, BoxerError STORE if the
 * store cannot be used, or the system's error for a taken port.
 */
export async function startSeed(options: SeedOptions): Promise<Seed> {
  const { config, host, log = SILENT_LOGGER } = options;
  const held = await openHeld(options);
  const background = new AbortController();
  let listener: ControlListener | undefined;
  try {
    const context = contextOf(options, held, background.signal);
    listener = await listen(options, context, background.signal);
    const seed = new Seed({ context, held, listener, background, drain: options.drain ?? 0 });
    const address = context.peerSeeds && (options.advertise ?? (await ownAddress(host)));
    if (address !== undefined) await context.peerSeeds?.open({ address, port: listener.port });
    log.info(`seed of ${config.project} listens on port ${listener.port}`);
    seed.endWith(options.signal);
    return seed;
  } catch (error) {
    background.abort();
    closeHeld(held);
    void listener?.close();
    throw error;
  }
}

function listen(
  options: SeedOptions,
  context: SeedContext,
  background: AbortSignal,
): Promise<ControlListener> {
  const { config, addon, host, heartbeat, observer } = options;
  const limits = { ...SEED_LIMITS, ...options.limits };
  const tidy = returnMemory(addon, background);
  return listenControl({
    port: config.port,
    host,
    heartbeat,
    observer,
    rateLimit: limits.rate,
    maxWrite: MAX_WRITE,
    maxHandshakes: limits.handshakes,
    maxHandshakesPerAddress: limits.handshakesPerAddress,
    pskFor: (identity) => context.admission.pskFor(identity),
    onSession: (session, text) => {
      tidy();
      void session.closed.then(tidy);
      const identity = parseIdentity(text);
      if (identity) serveSession(context, session, identity);
    },
  });
}

interface SeedParts {
  readonly context: SeedContext;
  readonly held: Held;
  readonly listener: ControlListener;
  /** Aborting ends the background work of the seed. */
  readonly background: AbortController;
  /** Time that flows have to end by themselves, ms. */
  readonly drain: number;
}

/** A running seed. */
export class Seed {
  /** The port of the control listener. */
  readonly port: number;
  /** Resolves when the seed has ended and its sockets are closed. */
  readonly closed: Promise<void>;
  readonly #parts: SeedParts;
  readonly #transports: TransportCounter;
  readonly #end: (ended: Promise<void>) => void;

  constructor(parts: SeedParts) {
    this.port = parts.listener.port;
    this.#parts = parts;
    this.#transports = new TransportCounter(() => parts.context.registry.all());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#end = resolve;
  }

  /** Returns the current load, for metrics. */
  status(): SeedStatus {
    const { context, held } = this.#parts;
    const { flows, bytes, carried, refused } = held.relay.status();
    return {
      nodes: context.registry.all().map(({ role, host: up }) => ({
        role,
        state: up ? 'up' : 'starting',
        nat: up?.nat ?? 'unknown',
      })),
      relay: { flows, held: bytes, refused, bytes: carried },
    };
  }

  /**
   * Asks the nodes for the transports of their connections, at most once in 5 s. Waits a second for nodes
   * that do not answer.
   */
  transports(): Promise<TransportCounts> {
    return this.#transports.count();
  }

  /** Ends the seed when `signal` aborts, or at once if it has aborted. */
  endWith(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#close(), { once: true });
    if (signal.aborted) this.#close();
  }

  #close(): void {
    const { context, held, listener, background, drain } = this.#parts;
    // The memory is closed first, as the end of the sessions must not be recorded.
    background.abort();
    const remembered = held.memory.close();
    context.stream.close();
    const drained = held.relay.drain(drain);
    held.observer.close();
    this.#end(Promise.all([listener.close(), drained, remembered]).then(() => undefined));
  }
}
