import { createServer, type Server, type Socket } from 'node:net';
import type { Overlay } from '../coordination/join.ts';
import type { Lease } from '../network/relay/flow-limits.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { Fetch } from './fetch.ts';

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
  { fetch }: PortsTarget,
  { relay, signal }: PortsOptions,
): Promise<void> {
  const lease = admitted(socket, relay);
  if (!lease) return;
  const timely = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  const origin = { address: unmapped(socket.remoteAddress), port: socket.remotePort ?? 0 };
  try {
    relay.join(lease, socket, await fetch({ port, origin }, timely));
  } catch {
    // Refused by the guest, or the function has gone: the neighbour sees what a host would send.
    socket.resetAndDestroy();
    lease.release();
  }
}

function openPort(port: number, target: () => PortsTarget, options: PortsOptions): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    void forwardConnection(socket, port, target(), options);
  });
  server.on('error', (error) => options.say(`port ${port} cannot be opened here: ${error.message}`));
  server.listen({ port, host: '::', ipv6Only: false });
  return server;
}

export interface PortMirror {
  /** New connections are the target's from now on; those that stand stay where they are. */
  follow(target: PortsTarget): void;
}

/**
 * Opens in this container every port that the guest opens in the function, and closes it with the guest's: so that unboxed
 * neighbours, published ports and health checks find the service where it always was. Ends with `signal`.
 */
export function mirrorPorts(options: PortsOptions): PortMirror {
  const { signal } = options;
  const open = new Map<number, Server>();
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
      if (!open.has(port))
        open.set(
          port,
          openPort(port, () => current, options),
        );
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
  };
}
