import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port of the loopback that nobody has right now; programs that take no port 0 have to be told one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
