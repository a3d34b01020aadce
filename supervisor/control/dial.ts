import { lookup } from 'node:dns';
import { connect, type TLSSocket } from 'node:tls';
import { ControlError, codeOf, describeFailure } from './control-error.ts';
import { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { TLS_OPTIONS } from './tls-options.ts';

export interface DialOptions extends SessionOptions {
  /** A host name or an address. */
  readonly host: string;
  readonly port: number;
  readonly identity: string;
  /** The connection's pre-shared key (see `pskOf`), 32 bytes. */
  readonly key: Buffer;
  readonly signal?: AbortSignal | undefined;
  /** Time limit for look-up, connect and handshake together, ms; the default is 10,000. */
  readonly timeout?: number | undefined;
}

/**
 * Opens a control connection. Rejects with ControlError: EACCES when the peer refuses the identity or the
 * key, or does not prove that it knows the key; ETIMEDOUT; or the errno of look-up or connect. When `signal`
 * aborts, rejects with its reason.
 */
export async function dialControl(options: DialOptions): Promise<Session> {
  const { host, port, identity, key, signal, timeout = 10_000 } = options;
  signal?.throwIfAborted();
  const socket = connect({
    ...TLS_OPTIONS,
    host,
    port,
    // The overlay's underlay is IPv4.
    lookup: (name, lookupOptions, done) => lookup(name, { ...lookupOptions, family: 4 }, done),
    pskCallback: () => ({ psk: key, identity }),
    // Node calls this only if the peer shows a certificate; such a peer has not proven that it knows the key.
    checkServerIdentity: () => new ControlError('EACCES', 'a certificate where a key was expected'),
  });
  socket.setNoDelay(true);
  try {
    await secured(socket, signal, timeout);
  } catch (error) {
    socket.destroy();
    if (signal?.aborted) throw signal.reason;
    throw refusal(error, `control connection to ${host}:${port}`);
  }
  return new Session(socket, options);
}

function secured(socket: TLSSocket, signal: AbortSignal | undefined, timeout: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new ControlError('ETIMEDOUT', `no connection within ${timeout} ms`)),
    timeout,
  );
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort);
  socket.once('secureConnect', resolve);
  // This listener stays, as an abandoned socket may still report an error.
  socket.on('error', reject);
  socket.once('close', () => reject(new ControlError('ECONNRESET', 'closed during the handshake')));
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  });
}

function refusal(error: unknown, what: string): ControlError {
  if (codeOf(error).startsWith('ERR_SSL'))
    return new ControlError('EACCES', `${what}: identity or key refused`, { cause: error });
  const { errno, message } = describeFailure(error);
  return new ControlError(errno, `${what}: ${message}`, { cause: error });
}
