import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ControlError, codeOf } from '../../control/control-error.ts';
import { type WaitOptions, waitFor } from '../../control/waiting.ts';
import type { PortCycle } from './port-range.ts';

/** A listener for one connection of one initiator. */
export interface InitiatorPort {
  readonly port: number;
  /**
   * The initiator's connection, unread. Rejects with ControlError ETIMEDOUT or ECONNRESET, with the signal's
   * reason, or with the reason given to `close()`.
   */
  readonly connection: Promise<Socket>;
  /** Closes the port. Does nothing once the initiator has connected. */
  close(reason: Error): void;
}

/**
 * Opens a port on `host` for one connection from `observedAddress`. Connections from other addresses are
 * reset. The port is one of `ports`, or any free one. Rejects with ControlError EADDRNOTAVAIL if all of
 * `ports` stay in use.
 */
export async function openInitiatorPort(
  host: string,
  observedAddress: string,
  options: WaitOptions,
  ports?: PortCycle,
): Promise<InitiatorPort> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  const free = await (ports ? listenWithin(server, host, ports, options) : listenAt(server, host, 0));
  const waiting = waitFor<Socket>('the initiator', options, () => {
    server.close();
    free();
  });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    // The connection was reset before it was accepted, so the kernel does not know its peer any more. The
    // flow's far end has to be reset, too.
    if (socket.remoteAddress === undefined)
      return waiting.reject(new ControlError('ECONNRESET', 'the initiator has reset its connection'));
    if (socket.remoteAddress !== observedAddress || !server.listening) return void socket.resetAndDestroy();
    server.close();
    waiting.resolve(socket);
  });
  const { port } = server.address() as AddressInfo;
  return { port, connection: waiting.promise, close: waiting.reject };
}

async function listenAt(server: Server, host: string, port: number): Promise<() => void> {
  server.listen({ port, host, backlog: 4 });
  await once(server, 'listening');
  return () => undefined;
}

/**
 * How long a connection may wait for a port of the range, ms. Each port is in use for about one round trip.
 */
const PORT_PATIENCE = 3000;

/** Listens on a port of the range. Ports that another program uses are skipped, each once. */
async function listenWithin(
  server: Server,
  host: string,
  ports: PortCycle,
  { signal }: WaitOptions,
): Promise<() => void> {
  const foreign: number[] = [];
  const allTaken = (cause?: unknown) =>
    new ControlError('EADDRNOTAVAIL', `all ${ports.size} ports of the relay are in use`, { cause });
  try {
    while (foreign.length < ports.size) {
      const mine = await ports.take({ signal, timeout: PORT_PATIENCE }).catch((error: unknown) => {
        throw codeOf(error) === 'ETIMEDOUT' ? allTaken(error) : error;
      });
      try {
        await listenAt(server, host, mine);
        return () => ports.give(mine);
      } catch (error) {
        foreign.push(mine);
        if (codeOf(error) !== 'EADDRINUSE') throw error;
      }
    }
    throw allTaken();
  } finally {
    for (const port of foreign) ports.give(port);
  }
}
