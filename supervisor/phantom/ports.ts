import { createServer, type Server, type Socket } from 'node:net';
import type { Fetch } from '../launches/fetch.ts';
import type { Overlay } from '../membership/join.ts';
import type { Lease } from '../network/relay/flow-limits.ts';
import type { Relay } from '../network/relay/relay.ts';

/** How long the function may take to dial in for a connection, before the neighbour sees it reset. */
const FETCH_TIMEOUT_MS = 10_000;

/** Whose ports are opened, and who takes their connections. */
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

/** A neighbour whose connection is one too many sees it reset. */
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
    // Refused by the guest, or the function has gone: the neighbour sees what a host would send.
    socket.resetAndDestroy();
    lease.release();
  }
}

/** Counts what each target has of connections, those that are being made included. */
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

  /** Resolves when it has none. */
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
  /** New connections are the target's from now on; those that stand stay where they are. */
  follow(target: PortsTarget): void;
  /** Resolves when a target that is followed no more has no connection left. */
  idle(target: PortsTarget): Promise<void>;
}

/**
 * Opens in this container every port that the guest opens in the function, and closes it with the guest's: so that unboxed
 * neighbours, published ports and health checks find the service where it always was. Ends with `signal`.
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
