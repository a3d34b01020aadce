import { createSocket, type RemoteInfo } from 'node:dgram';
import { getServers } from 'node:dns';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** Queries of all functions together that may wait for an answer; more are dropped, as UDP allows. */
const MOST_PENDING = 512;
/** ms, the patience of common stub resolvers. */
const PATIENCE = 5000;

/**
 * Answers the functions' DNS queries by asking this container's own name server: the Engine's, which knows
 * the names on the network. Clients that are no gateway (`isMember`) are ignored. UDP and TCP, one port.
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
    // A socket per query: the kernel keeps answers apart, and a forged one must guess the port.
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
