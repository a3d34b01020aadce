import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { ControlError } from '../control/control-error.ts';
import type { Addon } from '../service/addon.ts';
import { socketFd } from '../service/socket-fd.ts';

/**
 * A connection from which this process has read nothing. Its descriptor can be given to a guest with every
 * byte still in the kernel.
 */
export interface Unread {
  readonly localPort: number;
  /** False when this process has closed the connection. */
  readonly isOpen: boolean;
  /**
   * Returns the descriptor, which this object keeps.
   * @throws if the connection is closed.
   */
  fd(): number;
  /**
   * Closes this process's copy of the descriptor. A guest that has a copy keeps the connection. Idempotent.
   */
  close(): void;
  /** Resets the connection, even if another process has a copy of it. Idempotent. */
  reset(): void;
  /** Returns a stream to read and write the connection in this process; the same one each time. */
  stream(): Socket;
}

export type UnreadAddon = Pick<Addon, 'dial' | 'dialCancel' | 'localPort' | 'close'>;

/** Wraps a connected socket that is paused. */
export function unreadOf(socket: Socket): Unread {
  return {
    localPort: socket.localPort ?? 0,
    get isOpen() {
      return !socket.destroyed;
    },
    fd: () => socketFd(socket),
    close: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
    stream: () => socket,
  };
}

function unreadDescriptor(addon: UnreadAddon, descriptor: number, localPort: number): Unread {
  let socket: Socket | undefined;
  let open = true;
  const close = (reset: boolean) => {
    if (socket) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    } else if (open) addon.close(descriptor, reset ? 1 : 0);
    open = false;
  };
  return {
    localPort,
    get isOpen() {
      return socket ? !socket.destroyed : open;
    },
    fd() {
      if (socket) return socketFd(socket);
      if (!open) throw new ControlError('EBADF', 'the connection has been closed');
      return descriptor;
    },
    close: () => close(false),
    reset: () => close(true),
    stream() {
      const made = socket ?? new Socket({ fd: descriptor, allowHalfOpen: true });
      if (!socket) made.on('error', () => made.destroy());
      socket = made;
      return made;
    },
  };
}

export interface DialOptions {
  /** 6 makes an AF_INET6 socket with v4-mapped addresses. */
  readonly family: 4 | 6;
  /** Dotted IPv4; without it, any address. */
  readonly localAddress?: string | undefined;
  /** Without it, any port. */
  readonly localPort?: number | undefined;
  /** The remote address, dotted IPv4. */
  readonly address: string;
  readonly port: number;
}

export interface Dialling {
  readonly localPort: number;
  /**
   * The connection, or a promise if it is not established at once. The promise rejects with ControlError or
   * the signal's reason. The caller owns the connection.
   */
  readonly connection: Unread | Promise<Unread>;
}

/**
 * Opens a TCP connection. Its first packet has left when this function returns.
 * @throws an error whose `code` is the errno of socket(), bind() or connect(), or the signal's reason.
 */
export function dial(
  addon: UnreadAddon,
  { family, localAddress, localPort, address, port }: DialOptions,
  signal: AbortSignal,
): Dialling {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Unread>();
  const abort = () => {
    if (typeof begun === 'object') addon.dialCancel(begun);
    reject(signal.reason);
  };
  const begun = addon.dial(family, localAddress ?? '', localPort ?? 0, address, port, (result) => {
    signal.removeEventListener('abort', abort);
    if (result >= 0) resolve(unreadDescriptor(addon, result, bound));
    else
      reject(
        new ControlError(
          getSystemErrorName(result),
          `no connection from port ${bound} to ${address}:${port}`,
        ),
      );
  });
  const bound = localPort ?? addon.localPort(begun);
  if (typeof begun === 'number')
    return { localPort: bound, connection: unreadDescriptor(addon, begun, bound) };
  signal.addEventListener('abort', abort, { once: true });
  return { localPort: bound, connection: promise };
}
