import { createServer, type Server, type Socket } from 'node:net';
import type { Fetch } from '../launches/fetch.ts';
import type { Overlay } from '../membership/join.ts';
import type { Lease } from '../network/relay/flow-limits.ts';
import type { Relay } from '../network/relay/relay.ts';

/** How long the function may take to dial in for a connection, before the neighbour sees it reset. */
const FETCH_TIMEOUT_MS = 10_000;

/** The node whose ports are opened, and the function that fetches their connections. */
export interface PortsTarget {
  readonly overlay: Pick<Overlay, 'nodeId' | 'members' | 'onChange'>;
  readonly fetch: Fetch;
}

interface PortsOptions {
  readonly relay: Relay;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const unmapped = (address: string | undefined) => (address ?? '0.0.0.0').replace(/^::ffff:/, '');

/** Admits a connection, or resets it if the relay has too many. */
function admitted(socket: Socket, relay: Relay): Lease | undefined {
  try {
    return relay.admit(unmapped(socket.remoteAddress));
  } catch {
    socket.resetAndDestroy();
    return undefined;
  }
}

/** Carries one connection of a neighbour to the function. */
async function forwardConnection(
  socket: Socket,
  port: number,
  target: PortsTarget,
  { relay, signal }: PortsOptions,
): Promise<void> {
  const lease = admitted(socket, relay);
  if (!lease) return;
  const timely = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  const origin = { address: unmapped(socket.remoteAddress), port: socket.remotePort ?? 0 };
  try {
    await relay.join(lease, socket, await target.fetch({ port, origin }, timely)).done;
  } catch {
    // The guest refused the connection, or the function is gone: the neighbour gets a reset, as from a host.
    socket.resetAndDestroy();
    lease.release();
  }
}

/** Counts the connections of each target, including those that are being made. */
class Tally {
  readonly #open = new Map<PortsTarget, number>();
  readonly #waiting = new Map<PortsTarget, PromiseWithResolvers<void>>();

  begin(target: PortsTarget): void {
    this.#open.set(target, (this.#open.get(target) ?? 0) + 1);
  }

  end(target: PortsTarget): void {
    const left = (this.#open.get(target) ?? 1) - 1;
    if (left > 0) return void this.#open.set(target, left);
    this.#open.delete(target);
    this.#waiting.get(target)?.resolve();
    this.#waiting.delete(target);
  }

  /** Resolves when the target has no connection. */
  async idle(target: PortsTarget): Promise<void> {
    if (!this.#open.has(target)) return;
    const waiting = this.#waiting.get(target) ?? Promise.withResolvers<void>();
    this.#waiting.set(target, waiting);
    await waiting.promise;
  }
}

interface PortOptions extends PortsOptions {
  readonly target: () => PortsTarget;
  readonly tally: Tally;
}

function openPort(port: number, options: PortOptions): Server {
  const { target, tally } = options;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    const taker = target();
    tally.begin(taker);
    void forwardConnection(socket, port, taker, options).finally(() => tally.end(taker));
  });
  server.on('error', (error) => options.say(`port ${port} cannot be opened here: ${error.message}`));
  server.listen({ port, host: '::', ipv6Only: false });
  return server;
}

export interface PortMirror {
  /** Sends new connections to the target from now on; existing connections stay. */
  follow(target: PortsTarget): void;
  /** Resolves when a target that no longer gets connections has none left. */
  idle(target: PortsTarget): Promise<void>;
}

/**
 * Opens in this container every port that the guest opens in the function, and closes the port when the guest
 * closes it. Unboxed neighbours, published ports and health checks therefore reach the service at the
 * container's address. Ends with `signal`.
 */
export function mirrorPorts(options: PortsOptions): PortMirror {
  const { signal } = options;
  const open = new Map<number, Server>();
  const tally = new Tally();
  let unfollow = () => undefined as unknown;
  const update = (target: PortsTarget) => {
    const { overlay } = target;
    const wanted = new Set(overlay.members().get(overlay.nodeId)?.ports ?? []);
    for (const [port, server] of open) {
      if (wanted.has(port)) continue;
      server.close();
      open.delete(port);
    }
    for (const port of wanted)
      if (!open.has(port)) open.set(port, openPort(port, { ...options, tally, target: () => current }));
  };
  let current: PortsTarget;
  signal.addEventListener('abort', () => {
    unfollow();
    for (const server of open.values()) server.close();
  });
  return {
    follow(target) {
      unfollow();
      current = target;
      unfollow = target.overlay.onChange(() => update(target));
      update(target);
    },
    idle: (target) => tally.idle(target),
  };
}
