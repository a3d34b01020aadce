import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { endpointsOf } from '../../control/endpoint.ts';

/** Two, so that a node sees whether its NAT gives it the same port towards both; 0: any free one. */
const ANY_PORTS: readonly number[] = [0, 0];
const MAX_CONNECTIONS = 4096;
/** Of one address: a project may have many nodes behind one NAT. */
const MAX_PER_ADDRESS = 256;
/**
 * Nodes keep some of these connections, so that their NATs keep the port; longer than any NAT forgets in, ms.
 */
const IDLE_LIMIT = 3_600_000;

/** Rejects with the system's error where a port cannot be had. */
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
 * Tells whoever connects, as one line of text, from which address and port the connection comes, and keeps
 * the connection until its other end closes it.
 */
export class Observer {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();

  get ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  /** Rejects with the system's error where the port cannot be had. */
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
    // The kernel finds a peer that has vanished.
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
