import { createSocket, type RemoteInfo } from 'node:dgram';
import { getServers } from 'node:dns';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';

/**
 * The most queries of all functions together that may wait for an answer. More are dropped, as UDP allows.
 */
const MOST_PENDING = 512;
/** The time in ms after which a query is given up, as common stub resolvers do. */
const PATIENCE = 5000;

/**
 * Forwards the functions' DNS queries to this container's name server, which is that of the Engine and knows
 * the names on the network. Listens on UDP and on TCP. Ignores clients that are not gateways (`isMember`).
 */
export async function startNameServer(
  host: string,
  port: number,
  isMember: (address: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const upstream = getServers()[0] ?? '127.0.0.11';
  let pending = 0;

  const datagrams = createSocket({ type: 'udp4', signal });
  datagrams.on('message', (query: Buffer, client: RemoteInfo) => {
    if (!isMember(client.address) || pending >= MOST_PENDING) return;
    pending++;
    // Each query has its own socket: answers cannot be confused, and a forged answer has to guess the port.
    const asking = createSocket({
      type: 'udp4',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    });
    asking.on('error', () => asking.close());
    asking.on('close', () => pending--);
    asking.once('message', (answer) => {
      datagrams.send(answer, client.port, client.address, () => {});
      asking.close();
    });
    asking.connect(53, upstream, () => asking.send(query, () => {}));
  });

  const streams = createServer((client) => {
    if (!isMember(client.remoteAddress ?? '')) return void client.destroy();
    const server = connect(53, upstream);
    server.setTimeout(PATIENCE, () => server.destroy());
    pipeline(client, server, client).catch(() => {
      client.destroy();
      server.destroy();
    });
  });

  datagrams.bind(port, host);
  streams.listen({ port, host, signal });
  await Promise.all([once(datagrams, 'listening'), once(streams, 'listening')]);
}
