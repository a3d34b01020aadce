import { isIPv4, type Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import { dialUnread } from '../dial.ts';

const LINE = /^(\d+\.\d+\.\d+\.\d+):(\d+)\n$/;

/**
 * Connects from `localPort` to an observer of the seed, which replies with the address and the port that it
 * sees. The caller owns the socket. While the socket is open, a NAT keeps the port. Rejects with the errno of
 * bind() or connect(), or with ControlError EPROTO.
 */
export async function observe(
  observer: Endpoint,
  localPort: number,
  signal: AbortSignal,
): Promise<{ readonly seen: Endpoint; readonly socket: Socket }> {
  const socket = await dialUnread({ host: observer.address, port: observer.port, localPort }, signal);
  socket.on('error', () => socket.destroy());
  try {
    return { seen: parseSeen(await firstLine(socket, signal)), socket };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Reads the observer's line. The observer sends nothing else, and the line is shorter than any TCP segment,
 * so it arrives in one piece.
 */
function firstLine(socket: Socket, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
  socket.once('close', () => reject(new ControlError('ECONNRESET', 'the observer closed the connection')));
  socket.resume();
  return promise.finally(() => signal.removeEventListener('abort', abort));
}

function parseSeen(line: string): Endpoint {
  const [, address = '', port = ''] = LINE.exec(line) ?? [];
  if (!isIPv4(address))
    throw new ControlError('EPROTO', 'the observer did not reply with an address and a port');
  return { address, port: Number(port) };
}
