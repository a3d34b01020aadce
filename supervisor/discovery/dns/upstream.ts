import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** How long each server may take, ms. It is below the 5 s after which resolvers ask again. */
const SERVER_TIMEOUT = 2000;
const DNS_PORT = 53;

/** Returns the name servers of a resolv.conf, at most three as in libc; [] if there is no such file. */
export async function serversOf(resolvConf: string): Promise<string[]> {
  const text = await readFile(resolvConf, 'utf8').catch(() => '');
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  return servers.filter((server) => isIP(server) !== 0).slice(0, 3);
}

/** Sends one query to one server. Rejects when there is no answer in time. */
async function ask(server: string, query: Buffer, signal: AbortSignal): Promise<Buffer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SERVER_TIMEOUT)]);
  // A connected socket, on a port of its own, receives datagrams from this server only.
  const socket = createSocket(isIP(server) === 6 ? 'udp6' : 'udp4');
  try {
    socket.connect(DNS_PORT, server);
    await once(socket, 'connect', { signal: limit });
    socket.send(query);
    for (;;) {
      const [answer] = await once(socket, 'message', { signal: limit });
      if (Buffer.isBuffer(answer) && answer.subarray(0, 2).equals(query.subarray(0, 2))) return answer;
    }
  } finally {
    socket.close();
  }
}

/** Asks the servers in turn and resolves to the first answer; undefined if no server answers. */
export async function askUpstream(
  servers: readonly string[],
  query: Buffer,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  for (const server of servers) {
    const answer = await ask(server, query, signal).catch(() => undefined);
    if (answer || signal.aborted) return answer;
  }
  return undefined;
}
