import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { ControlError } from '../control/control-error.ts';
import type { Addon } from '../service/addon.ts';
import { socketFd } from '../service/socket-fd.ts';

/** A connection of which nothing has been read here: a guest gets its descriptor, and every byte is still in the kernel. */
export interface Unread {
  readonly localPort: number;
  /** False when this process has closed it. */
  readonly isOpen: boolean;
  /** Its descriptor, which stays this object's. Throws when it is closed. */
  fd(): number;
  /** Closes this process's copy: a guest that has one of its own keeps the connection. Idempotent. */
  close(): void;
  /** Ends the connection, whoever has it. Idempotent. */
  reset(): void;
  /** To be read and written here, the same one each time. */
  stream(): Socket;
}

export type UnreadAddon = Pick<Addon, 'dial' | 'dialCancel' | 'localPort' | 'close'>;

/** Of a socket that was made otherwise, and that is paused. */
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
  /** 6: v4-mapped addresses */
  readonly family: 4 | 6;
  /** dotted IPv4; any where there is none */
  readonly localAddress?: string;
  /** 0: any */
  readonly localPort: number;
  /** dotted IPv4 */
  readonly address: string;
  readonly port: number;
}

export interface Dialling {
  readonly localPort: number;
  /** The connection, or a promise where it does not stand at once; rejects with ControlError or the signal's reason. The caller owns it. */
  readonly connection: Unread | Promise<Unread>;
}

/** Opens a TCP connection; its first packet has left when this returns. Throws an error whose `code` is the errno of socket, bind or connect. */
export function dial(
  addon: UnreadAddon,
  { family, localAddress = '', localPort, address, port }: DialOptions,
  signal: AbortSignal,
): Dialling {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Unread>();
  const abort = () => {
    if (typeof begun === 'object') addon.dialCancel(begun);
    reject(signal.reason);
  };
  const begun = addon.dial(family, localAddress, localPort, address, port, (result) => {
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
  const bound = localPort !== 0 ? localPort : addon.localPort(begun);
  if (typeof begun === 'number')
    return { localPort: bound, connection: unreadDescriptor(addon, begun, bound) };
  signal.addEventListener('abort', abort, { once: true });
  return { localPort: bound, connection: promise };
}
