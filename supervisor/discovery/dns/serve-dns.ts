import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { decode } from 'dns-packet';
import type { Directory } from '../directory.ts';
import { createNameIndex } from '../name-index.ts';
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
export async function serveDns({
  directory,
  upstream,
  address,
  port = DNS_PORT,
}: DnsOptions): Promise<DnsServer> {
  const cancel = new AbortController();
  const index = createNameIndex(directory);
  const respond = createResponder({ directory, index, upstream, signal: cancel.signal });
  const clients = new Set<Socket>();
  let pending = 0;

  /** Resolves to undefined, so that no answer is sent, when too many questions are pending. */
  async function answer(query: Buffer): Promise<Buffer | undefined> {
    if (pending >= MAX_PENDING) return undefined;
    pending += 1;
    try {
      return await respond(query);
    } finally {
      pending -= 1;
    }
  }

  async function serveClient(client: Socket): Promise<void> {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    client.setTimeout(IDLE_TIMEOUT, () => client.destroy());
    try {
      // Queries are answered one after the other, so a client that does not read its answers is not read
      // from.
      for await (const query of framesOf(client)) {
        const text = await answer(query);
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

  const udp = createSocket('udp4');
  udp.on('message', async (query, from) => {
    const text = await answer(query);
    if (!text || cancel.signal.aborted) return;
    udp.send(text.length > datagramSize(query) ? truncated(text) : text, from.port, from.address);
  });
  const tcp = createServer((client) => void serveClient(client));
  tcp.maxConnections = MAX_CLIENTS;
  const close = () => {
    cancel.abort();
    index.close();
    udp.close();
    tcp.close();
    for (const client of clients) client.destroy();
  };
  try {
    udp.bind(port, address);
    await once(udp, 'listening');
    tcp.listen(udp.address().port, address);
    await once(tcp, 'listening');
  } catch (error) {
    close();
    throw error;
  }
  udp.on('error', () => undefined);
  udp.unref();
  tcp.unref();
  return { address, port: udp.address().port, close };
}
