import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import { endpointsOf } from '../../control/endpoint.ts';

/** A port that takes one connection. */
export interface OncePort {
  readonly port: number;
  /**
   * The connection, unread; the caller owns it. Rejects with the signal's reason when the signal ends the
   * wait.
   */
  readonly connection: Promise<Socket>;
}

/**
 * Listens on any free port until `address` has connected or `signal` aborts. Connections from other addresses
 * are reset. `family` is the address family of the socket; 6 stands for v4-mapped addresses. Rejects with the
 * system's error.
 */
export async function listenOnce(address: string, family: 4 | 6, signal: AbortSignal): Promise<OncePort> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen({ port: 0, host: family === 6 ? '::' : '0.0.0.0', backlog: 4 });
  await once(server, 'listening');
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const abort = () => reject(signal.reason ?? new ControlError('ECANCELED', 'the wait was cancelled'));
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy());
    if (endpointsOf(socket).remote.address !== address || !server.listening)
      return void socket.resetAndDestroy();
    server.close();
    resolve(socket);
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const connection = promise.finally(() => {
    signal.removeEventListener('abort', abort);
    server.close();
  });
  connection.catch(() => undefined);
  const { port } = server.address() as AddressInfo;
  return { port, connection };
}
