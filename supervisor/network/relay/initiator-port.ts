import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type WaitOptions, waitFor } from '../../control/waiting.ts';

/** A listener for one connection of one initiator. */
export interface InitiatorPort {
  readonly port: number;
  /** The initiator's connection, nothing of it read; rejects with ControlError ETIMEDOUT, the signal's reason, or by `close()`. */
  readonly connection: Promise<Socket>;
  /** Gives the port up; without effect once the initiator is there. */
  close(reason: Error): void;
}

/** Opens any free port on `host` for a connection from `observedAddress`; anybody else there is reset. */
export async function openInitiatorPort(
  host: string,
  observedAddress: string,
  options: WaitOptions,
): Promise<InitiatorPort> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  server.listen({ port: 0, host, backlog: 4 });
  await once(server, 'listening');
  const waiting = waitFor<Socket>('the initiator', options, () => server.close());
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    if (socket.remoteAddress !== observedAddress || !server.listening) return void socket.resetAndDestroy();
    server.close();
    waiting.resolve(socket);
  });
  const { port } = server.address() as AddressInfo;
  return { port, connection: waiting.promise, close: waiting.reject };
}
