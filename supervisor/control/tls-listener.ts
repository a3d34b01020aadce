import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { TLS_OPTIONS } from './tls-options.ts';

export interface TlsListenerOptions extends Pick<TlsOptions, 'pskCallback'> {
  /** False: the connection was turned away, and is destroyed. */
  readonly admit: (socket: Socket) => boolean;
  readonly secured: (socket: TLSSocket) => void;
  /** What the peer sent led to no secured connection: to be destroyed. */
  readonly failed: (socket: Socket) => void;
}

/**
 * A TLS server that takes connections over when their first bytes have come. Node's TLS keeps, for each
 * connection and for good, the buffer that it first read into: where it reads from the kernel itself that is
 * libuv's 64 KiB, where the first bytes are handed to it, 1 KiB. Whoever never sends a byte is left to the
 * caller. Frames are small; what is longer than the buffer is read in pieces.
 */
export function createTlsListener({ pskCallback, admit, secured, failed }: TlsListenerOptions): Server {
  const tls = createTlsServer({ ...TLS_OPTIONS, pskCallback });
  tls.on('secureConnection', secured);
  tls.on('tlsClientError', (_error, socket) => failed(socket));
  return createTcpServer({ noDelay: true }, (socket) => {
    if (!admit(socket)) return void socket.destroy();
    const broken = () => socket.destroy();
    socket.on('error', broken);
    socket.once('readable', () => {
      socket.off('error', broken);
      if (socket.readableLength > 0) tls.emit('connection', socket);
      // It has ended without a word.
      else socket.destroy();
    });
    return undefined;
  });
}
