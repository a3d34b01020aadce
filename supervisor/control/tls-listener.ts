import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { TLS_OPTIONS } from './tls-options.ts';

export interface TlsListenerOptions extends Pick<TlsOptions, 'pskCallback'> {
  /** Returns false to refuse the connection, which is then destroyed. */
  readonly admit: (socket: Socket) => boolean;
  readonly secured: (socket: TLSSocket) => void;
  /** Called when the handshake failed; the callee destroys the socket. */
  readonly failed: (socket: Socket) => void;
}

/**
 * Creates a TLS server that begins a handshake only when the first bytes have come. For each connection,
 * Node's TLS keeps the buffer of its first read for good. If TLS reads from the kernel itself, that buffer is
 * libuv's 64 KiB; if TLS is handed the first bytes, it is 1 KiB. That is enough, as frames are small, and
 * longer ones are read in pieces. The caller has to drop connections that never send a byte.
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
      // The connection has ended without a byte.
      else socket.destroy();
    });
    return undefined;
  });
}
