import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { endpointsOf } from '../../control/endpoint.ts';

/** Two ports, so that a node learns whether its NAT uses the same port for both. 0 is any free port. */
const ANY_PORTS: readonly number[] = [0, 0];
const MAX_CONNECTIONS = 4096;
/** Maximum number of connections from one address. A project may have many nodes behind one NAT. */
const MAX_PER_ADDRESS = 256;
/**
 * Time after which an idle connection is closed, ms; longer than the timeout of any NAT. Nodes keep some of
 * these connections so that their NATs keep the port.
 */
const IDLE_LIMIT = 3_600_000;

/** Starts an observer on `ports`. Rejects with the system's error if a port cannot be opened. */
export async function startObserver(
  host = '0.0.0.0',
  ports: readonly number[] = ANY_PORTS,
): Promise<Observer> {
  const observer = new Observer();
  try {
    for (const port of ports) await observer.listen(host, port);
    return observer;
  } catch (error) {
    observer.close();
    throw error;
  }
}

/**
 * Sends each client, as one line of text, the address and port from which its connection comes, and keeps the
 * connection until the client closes it.
 */
export class Observer {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();

  get ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  /** Opens a port. Rejects with the system's error if the port cannot be opened. */
  async listen(host: string, port: number): Promise<void> {
    const server = createServer((socket) => this.#observe(socket));
    this.#servers.push(server);
    server.listen({ port, host, backlog: 512 });
    await once(server, 'listening');
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #observe(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const { address, port } = endpointsOf(socket).remote;
    if (!this.#admit(socket, address)) return void socket.resetAndDestroy();
    socket.setTimeout(IDLE_LIMIT, () => socket.destroy());
    // Keep-alive probes find a peer that has vanished.
    socket.setKeepAlive(true, 60_000);
    socket.resume();
    socket.write(`${address}:${port}\n`);
  }

  #admit(socket: Socket, address: string): boolean {
    const same = this.#perAddress.get(address) ?? 0;
    if (this.#sockets.size >= MAX_CONNECTIONS || same >= MAX_PER_ADDRESS) return false;
    this.#perAddress.set(address, same + 1);
    this.#sockets.add(socket);
    socket.once('close', () => this.#forget(socket, address));
    return true;
  }

  #forget(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}
