import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { endpointsOf } from '../../control/endpoint.ts';

/** Two, so that a node sees whether its NAT gives it the same port towards both; 0: any free one. */
const ANY_PORTS: readonly number[] = [0, 0];
const MAX_CONNECTIONS = 4096;
/** Of one address: a project may have many nodes behind one NAT. */
const MAX_PER_ADDRESS = 256;
/** Nodes keep some of these connections, so that their NATs keep the port; longer than any NAT forgets in, ms. */
const IDLE_LIMIT = 3_600_000;

export interface Observer {
  readonly ports: readonly number[];
  close(): void;
}

/**
 * Tells everybody who connects under which address and port he is seen, as one line of text, and keeps the connection until he
 * closes it. Rejects with the system's error where a port cannot be had.
 */
export async function startObserver(
  host: string | undefined,
  ports: readonly number[] = ANY_PORTS,
): Promise<Observer> {
  const perAddress = new Map<string, number>();
  const sockets = new Set<Socket>();

  function observe(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const { address, port } = endpointsOf(socket).remote;
    const same = perAddress.get(address) ?? 0;
    if (sockets.size >= MAX_CONNECTIONS || same >= MAX_PER_ADDRESS) return void socket.resetAndDestroy();
    perAddress.set(address, same + 1);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    socket.setTimeout(IDLE_LIMIT, () => socket.destroy());
    // Who has left without a word is found by the kernel.
    socket.setKeepAlive(true, 60_000);
    socket.resume();
    socket.write(`${address}:${port}\n`);
  }

  const servers: Server[] = [];
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (const port of ports) {
      const server = createServer(observe);
      servers.push(server);
      server.listen({ port, host: host ?? '0.0.0.0', backlog: 512 });
      await once(server, 'listening');
    }
  } catch (error) {
    close();
    throw error;
  }
  return { ports: servers.map((server) => (server.address() as AddressInfo).port), close };
}
