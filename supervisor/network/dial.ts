import { type NetConnectOpts, Socket } from 'node:net';

/**
 * Opens a TCP connection and reads nothing from it, so that its descriptor can be handed to a guest with
 * every byte still in the kernel. `onBound` is called with the local port of a socket that has a
 * `localAddress`, before the first packet leaves. Rejects with Node's system error (`code` is the errno name)
 * or the signal's reason. The caller owns the socket.
 */
export function dialUnread(
  options: NetConnectOpts,
  signal: AbortSignal,
  onBound?: (localPort: number) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = new Socket({ allowHalfOpen: true });
    // The socket is paused before it connects, because Node starts to read a connected socket at once.
    socket.pause();
    const abort = () =>
      socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    const fail = (error: Error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    socket.once('error', fail);
    if (onBound) socket.once('connectionAttempt', () => onBound(socket.localPort ?? 0));
    socket.connect(options, () => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}
