import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { ControlError } from '../../control/control-error.ts';
import { Session } from '../../control/session.ts';
import type { SessionOptions } from '../../control/session-options.ts';
import { TLS_OPTIONS } from '../../control/tls-options.ts';

/** These heartbeats only keep NATs from forgetting the connection. The seed reports a dead peer sooner. */
const HEARTBEAT = { interval: 5000, suspect: 2, dead: 3 };

export interface PeerCredentials {
  readonly identity: string;
  readonly key: Buffer;
}

/**
 * Makes a control session over a connected socket, or over another stream of bytes, and owns it from now on.
 * `prepare` runs before anything is received. Rejects with the error of the handshake, or with the signal's
 * reason.
 */
export async function secure(
  socket: Duplex,
  role: 'caller' | 'called',
  { identity, key }: PeerCredentials,
  signal: AbortSignal,
  prepare: (session: Session) => void,
  options: SessionOptions = { heartbeat: HEARTBEAT },
): Promise<Session> {
  // TLSSocket copies this option from the socket below it. A session ends in both directions at once.
  socket.allowHalfOpen = false;
  if (socket instanceof Socket) socket.setNoDelay(true);
  const secured =
    role === 'caller'
      ? connect({
          ...TLS_OPTIONS,
          socket,
          pskCallback: () => ({ psk: key, identity }),
          checkServerIdentity: () => new ControlError('EACCES', 'a certificate where a key was expected'),
        })
      : new TLSSocket(socket, { ...TLS_OPTIONS, isServer: true, ...pskServer(identity, key) });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  secured.once(role === 'caller' ? 'secureConnect' : 'secure', () => resolve());
  secured.on('error', reject);
  secured.once('close', () => reject(new ControlError('ECONNRESET', 'closed during the handshake')));
  if (signal.aborted) abort();
  try {
    await promise;
  } catch (error) {
    secured.destroy();
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const session = new Session(secured, options);
  prepare(session);
  return session;
}

/**
 * Returns the PSK options. The types of TLSSocket lack this option, but its constructor accepts it, as
 * tls.createServer() does.
 */
function pskServer(identity: string, key: Buffer): object {
  return { pskCallback: (_socket: TLSSocket, shown: string) => (shown === identity ? key : null) };
}
