import type { Socket } from 'node:net';
import { ControlError } from './control-error.ts';

/**
 * Reads exactly `size` bytes and leaves the following bytes in the socket. Rejects with ControlError:
 * ETIMEDOUT when the bytes do not arrive within `timeout` ms, ECONNRESET when the connection closes before.
 */
export function readPreface(socket: Socket, size: number, timeout: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(new ControlError('ETIMEDOUT', 'no preface')), timeout);
  const gone = () => reject(new ControlError('ECONNRESET', 'closed before its preface'));
  const read = () => {
    const bytes: Buffer | null = socket.read(size);
    if (bytes === null) return;
    if (bytes.length === size) resolve(bytes);
    else gone();
  };
  socket.on('readable', read);
  socket.once('end', gone);
  socket.once('close', gone);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off('readable', read);
    socket.off('end', gone);
    socket.off('close', gone);
  });
}
