import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { errorCode } from '../../engine/error-code.ts';

/** The IPv4 addresses of a name; [] if the name does not resolve. */
export const addressesOf = (host: string): Promise<string[]> =>
  lookup(host, { all: true, family: 4 }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );

/** `ok` if the port accepts a TCP connection within `ms`, else the errno; ETIMEDOUT if nothing answers. */
export function tcpAnswer(host: string, port: number, ms: number, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({
    host,
    port,
    family: 4,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]),
  });
  socket.once('connect', () => resolve('ok'));
  socket.on('error', (error) =>
    resolve(error.name === 'AbortError' ? 'ETIMEDOUT' : (errorCode(error) ?? 'EIO')),
  );
  return promise.finally(() => socket.destroy());
}
