import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Overlay } from '../coordination/join.ts';
import type { Lease } from '../network/relay/flow-limits.ts';
import type { Relay } from '../network/relay/relay.ts';
import type { Introduce } from './introduce.ts';

/** How long the function may take to dial in for a connection, before the neighbour sees it reset. */
const DIAL_IN_TIMEOUT_MS = 10_000;

interface PortsOptions {
  readonly overlay: Overlay;
  readonly relay: Relay;
  readonly introduce: Introduce;
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

/** Carries one connection of a neighbour to the function, which dials in to fetch it. */
async function forwardConnection(socket: Socket, port: number, options: PortsOptions): Promise<void> {
  const { overlay, relay, introduce, signal } = options;
  const lease = admitted(socket, relay);
  if (!lease) return;
  const token = randomBytes(16).toString('hex');
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(DIAL_IN_TIMEOUT_MS)]);
  const dialledIn = relay.expect(token, { signal: timeout });
  dialledIn.catch(() => undefined);
  try {
    await introduce({
      port,
      relay: { address: overlay.local.address, port: relay.port },
      token,
      origin: { address: unmapped(socket.remoteAddress), port: socket.remotePort ?? 0 },
    });
    relay.join(lease, socket, await dialledIn);
  } catch {
    // Refused by the guest, or the function has gone: the neighbour sees what a host would send.
    socket.resetAndDestroy();
    lease.release();
    dialledIn.then(
      (late) => late.resetAndDestroy(),
      () => undefined,
    );
  }
}

function openPort(port: number, options: PortsOptions): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    void forwardConnection(socket, port, options);
  });
  server.on('error', (error) => options.say(`port ${port} cannot be opened here: ${error.message}`));
  server.listen({ port, host: '::', ipv6Only: false });
  return server;
}

/**
 * Opens in this container every port that the guest opens in the function, and closes it with the guest's: so that unboxed
 * neighbours, published ports and health checks find the service where it always was. Ends with `signal`.
 */
export function mirrorPorts(options: PortsOptions): void {
  const { overlay, signal } = options;
  const open = new Map<number, Server>();
  const update = () => {
    const wanted = new Set(overlay.members().get(overlay.nodeId)?.ports ?? []);
    for (const [port, server] of open) {
      if (wanted.has(port)) continue;
      server.close();
      open.delete(port);
    }
    for (const port of wanted) if (!open.has(port)) open.set(port, openPort(port, options));
  };
  const unsubscribe = overlay.onChange(update);
  update();
  signal.addEventListener('abort', () => {
    unsubscribe();
    for (const server of open.values()) server.close();
  });
}
