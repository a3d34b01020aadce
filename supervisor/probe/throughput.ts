import type { Socket } from 'node:net';
import type { Throughput } from '../published/probe.ts';

const CHUNK = Buffer.alloc(65_536);

/**
 * Sends `bytes` bytes and the end of the stream, and waits for the other side's end, which comes when it has
 * read everything. Closes the socket. Rejects with the socket's error or the signal's reason.
 */
export async function measureUpload(socket: Socket, bytes: number, signal: AbortSignal): Promise<Throughput> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  socket.once('end', resolve);
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was cut')));
  const started = performance.now();
  try {
    socket.resume();
    let left = bytes;
    const send = () => {
      while (left > 0) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', send);
      }
      socket.end();
    };
    send();
    await promise;
    const ms = performance.now() - started;
    return { bytes, ms: Math.round(ms), megabitsPerSecond: Math.round((bytes * 80) / 1000 / ms) / 10 };
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** The other side of `measureUpload`: reads to the end, then ends the stream. */
export async function swallow(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  socket.on('error', () => undefined);
  socket.once('close', () => resolve());
  socket.once('end', () => socket.end());
  socket.resume();
  await promise;
  signal.removeEventListener('abort', abort);
}
