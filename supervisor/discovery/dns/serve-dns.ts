import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { decode } from 'dns-packet';
import type { Directory } from '../directory.ts';
import { createNameIndex, type NameIndex } from '../name-index.ts';
import { createResponder, truncated } from './respond.ts';
import { framesOf } from './tcp-frames.ts';

export interface DnsOptions {
  readonly directory: Directory;
  /** Addresses of the servers that resolve names outside the project. */
  readonly upstream: readonly string[];
  readonly address: string;
  /** The default is 53; 0 is any free port. */
  readonly port?: number;
}

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  close(): void;
}

const DNS_PORT = 53;
/** Maximum numbers of questions that are being answered, and of TCP connections. */
const MAX_PENDING = 512;
const MAX_CLIENTS = 64;
/** Time after which an idle TCP client is closed, ms. */
const IDLE_TIMEOUT = 10_000;
/** Maximum size of a datagram without EDNS, bytes (RFC 1035, 2.3.4). */
const PLAIN_DATAGRAM = 512;

/** Returns the size in bytes of the longest answer that the client accepts in a datagram. */
function datagramSize(query: Buffer): number {
  try {
    const option = decode(query).additionals?.find(({ type }) => type === 'OPT');
    const size = option && 'udpPayloadSize' in option ? option.udpPayloadSize : PLAIN_DATAGRAM;
    return Math.max(PLAIN_DATAGRAM, size);
  } catch {
    return PLAIN_DATAGRAM;
  }
}

/**
 * Serves DNS over UDP and TCP for programs that do their own name resolution. Rejects with the system's
 * error, such as EADDRINUSE, or EACCES if a port below 1,024 needs a privilege.
 */
export async function serveDns(options: DnsOptions): Promise<DnsServer> {
  const service = new DnsService(options);
  try {
    const port = await service.listen(options.address, options.port ?? DNS_PORT);
    return { address: options.address, port, close: () => service.close() };
  } catch (error) {
    service.close();
    throw error;
  }
}

class DnsService {
  readonly #cancel = new AbortController();
  readonly #index: NameIndex;
  readonly #respond: ReturnType<typeof createResponder>;
  readonly #udp = createSocket('udp4');
  readonly #tcp = createServer((client) => void this.#serveClient(client));
  readonly #clients = new Set<Socket>();
  #pending = 0;

  constructor({ directory, upstream }: DnsOptions) {
    const { signal } = this.#cancel;
    this.#index = createNameIndex(directory);
    this.#respond = createResponder({ directory, index: this.#index, upstream, signal });
    this.#udp.on('message', (query, from) => void this.#serveDatagram(query, from));
    this.#tcp.maxConnections = MAX_CLIENTS;
  }

  /** Resolves to the port. */
  async listen(address: string, port: number): Promise<number> {
    this.#udp.bind(port, address);
    await once(this.#udp, 'listening');
    const { port: bound } = this.#udp.address();
    this.#tcp.listen(bound, address);
    await once(this.#tcp, 'listening');
    this.#udp.on('error', () => undefined);
    this.#udp.unref();
    this.#tcp.unref();
    return bound;
  }

  close(): void {
    this.#cancel.abort();
    this.#index.close();
    this.#udp.close();
    this.#tcp.close();
    for (const client of this.#clients) client.destroy();
  }

  async #serveDatagram(query: Buffer, { port, address }: RemoteInfo): Promise<void> {
    const text = await this.#answer(query);
    if (!text || this.#cancel.signal.aborted) return;
    this.#udp.send(text.length > datagramSize(query) ? truncated(text) : text, port, address);
  }

  async #serveClient(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    client.on('error', () => client.destroy());
    client.setTimeout(IDLE_TIMEOUT, () => client.destroy());
    try {
      // Queries are answered one after the other, so a client that does not read its answers is not read
      // from.
      for await (const query of framesOf(client)) {
        const text = await this.#answer(query);
        if (!text) break;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(text.length);
        if (!client.write(Buffer.concat([length, text]))) await once(client, 'drain');
      }
    } catch {
      // Errors of a connection concern only its client.
    } finally {
      client.destroy();
    }
  }

  /** Resolves to undefined, so that no answer is sent, when too many questions are pending. */
  async #answer(query: Buffer): Promise<Buffer | undefined> {
    if (this.#pending >= MAX_PENDING) return undefined;
    this.#pending += 1;
    try {
      return await this.#respond(query);
    } finally {
      this.#pending -= 1;
    }
  }
}
