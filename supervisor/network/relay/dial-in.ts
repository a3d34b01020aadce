import type { Socket } from 'node:net';
import type { RelayPlace } from '../../membership/join.ts';
import { dialUnread } from '../dial.ts';

/**
 * Connects to a relay and shows a token; reads nothing. The relay's address may be a name. `family` 6 dials
 * the v4-mapped address, for guests whose listener is AF_INET6. The caller owns the socket. Rejects with the
 * errors of `dialUnread`.
 */
export async function dialIn(
  { relay, token }: RelayPlace,
  signal: AbortSignal,
  family: 4 | 6 = 4,
): Promise<Socket> {
  const host = family === 6 ? `::ffff:${relay.address}` : relay.address;
  const options = { host, port: relay.port, family, autoSelectFamily: false, noDelay: true };
  const socket = await dialUnread(options, signal);
  socket.on('error', () => socket.destroy());
  socket.write(Buffer.from(token, 'hex'));
  return socket;
}
