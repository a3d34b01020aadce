import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { NO_OBSERVER, type SessionEnd } from './control-observer.ts';
import { ProvenIdentities } from './proven-identities.ts';
import { MALFORMED, Session, type SessionOptions, SILENT, UNREAD } from './session.ts';
import { Strangers } from './strangers.ts';
import { createTlsListener } from './tls-listener.ts';

export interface ListenOptions extends SessionOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly host?: string | undefined;
  /** The key of an identity, null to refuse it. The client has proven nothing yet when this is asked: change no state here. */
  readonly pskFor: (identity: string) => Buffer | null;
  /** The peer has proven in this handshake that it knows the key of `identity`. Register handlers before returning. */
  readonly onSession: (session: Session, identity: string) => void;
  /** Closes the listener. */
  readonly signal?: AbortSignal | undefined;
  readonly maxSessions?: number | undefined;
  /** Connections that have not finished their handshake. */
  readonly maxHandshakes?: number | undefined;
  /** Of these, from one address; below `maxHandshakes`, so that one address cannot keep the others out. */
  readonly maxHandshakesPerAddress?: number | undefined;
  /** ms from the connection to the proof, however busy the peer is in between. */
  readonly handshakeTimeout?: number | undefined;
}

export interface ControlListener {
  readonly port: number;
  /** Closes the listener and all its sessions; resolves when their sockets are closed. */
  close(): Promise<void>;
}

/** A thousand functions may start in the same second; beyond the backlog a SYN is repeated after a second only. */
const BACKLOG = 4096;

/** Rejects with the system's error where the port cannot be had. */
export async function listenControl(options: ListenOptions): Promise<ControlListener> {
  const { pskFor, onSession, signal, observer = NO_OBSERVER } = options;
  const { maxSessions = 16_384, maxHandshakes = 1024, handshakeTimeout = 3000 } = options;
  const { maxHandshakesPerAddress = maxHandshakes / 2 } = options;
  signal?.throwIfAborted();
  const identities = new ProvenIdentities(pskFor);
  const strangers = new Strangers(
    { total: maxHandshakes, perAddress: maxHandshakesPerAddress, timeout: handshakeTimeout },
    (socket) => turnAway(socket),
  );
  const sockets = new Set<Socket>();
  const sessions = new Set<Session>();
  const turnAway = (socket: Socket) => {
    // Those that were counted already end here too.
    if (strangers.has(socket)) observer.handshakeFailed('handshake');
    strangers.forget(socket);
    socket.destroy();
  };
  const admit = (socket: Socket) => {
    const refused = strangers.admit(socket);
    if (refused) {
      observer.handshakeFailed(refused);
      return false;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return true;
  };
  const secured = (socket: TLSSocket) => {
    const took = strangers.forget(socket);
    const identity = identities.of(socket);
    if (identity === undefined || sessions.size >= maxSessions) {
      observer.handshakeFailed(identity === undefined ? 'identity' : 'sessions');
      return socket.destroy();
    }
    observer.handshake(took);
    const session = new Session(socket, options);
    sessions.add(session);
    void session.closed.then((reason) => {
      sessions.delete(session);
      observer.ended(endOf(reason));
    });
    onSession(session, identity);
    return undefined;
  };
  const pskCallback = (socket: TLSSocket, identity: string) => identities.keyFor(socket, identity);
  const server = createTlsListener({ pskCallback, admit, secured, failed: turnAway });
  server.listen({ port: options.port, host: options.host ?? '0.0.0.0', backlog: BACKLOG });
  await once(server, 'listening');
  const close = async () => {
    signal?.removeEventListener('abort', close);
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.all([...sessions].map((session) => session.close('the listener closed')));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  signal?.addEventListener('abort', close, { once: true });
  return { port: (server.address() as AddressInfo).port, close };
}

function endOf(reason: string): SessionEnd {
  if (reason === SILENT) return 'silent';
  if (reason === UNREAD) return 'unread';
  return reason.startsWith(MALFORMED) ? 'malformed' : 'closed';
}
