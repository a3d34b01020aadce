import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ControlObserver, NO_OBSERVER, type SessionEnd } from './control-observer.ts';
import { ProvenIdentities } from './proven-identities.ts';
import { MALFORMED, Session, SILENT, UNREAD } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { Strangers } from './strangers.ts';
import { createTlsListener } from './tls-listener.ts';

export interface ListenOptions extends SessionOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string | undefined;
  /**
   * Returns the key of an identity, or null to refuse it. The client has proven nothing yet, so this function
   * must not change state.
   */
  readonly pskFor: (identity: string) => Buffer | null;
  /**
   * Called when the peer has proven that it knows the key of `identity`. Register message handlers before
   * returning.
   */
  readonly onSession: (session: Session, identity: string) => void;
  /** Aborting closes the listener. */
  readonly signal?: AbortSignal | undefined;
  readonly maxSessions?: number | undefined;
  /** Maximum number of connections that have not finished their handshake. */
  readonly maxHandshakes?: number | undefined;
  /**
   * Maximum number of unfinished handshakes from one address. It is below `maxHandshakes`, so that one
   * address cannot keep others out.
   */
  readonly maxHandshakesPerAddress?: number | undefined;
  /** Time limit from the connection to the end of the handshake, ms, even if the peer keeps sending. */
  readonly handshakeTimeout?: number | undefined;
}

/**
 * A thousand functions may start in the same second. A client repeats a SYN that exceeds the backlog only
 * after a second.
 */
const BACKLOG = 4096;

/** Opens a control listener. Rejects with the system's error if the port cannot be opened. */
export async function listenControl(options: ListenOptions): Promise<ControlListener> {
  options.signal?.throwIfAborted();
  const listener = new ControlListener(options);
  await listener.listen();
  return listener;
}

/** Accepts connections, requires each to prove its key, and holds the sessions of those that do. */
export class ControlListener {
  readonly #options: ListenOptions;
  readonly #observer: ControlObserver;
  readonly #identities: ProvenIdentities;
  readonly #strangers: Strangers;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<Session>();
  readonly #onAbort = () => void this.close();
  #port = 0;

  /** The listener does not listen before `listen()`. */
  constructor(options: ListenOptions) {
    const { pskFor, observer = NO_OBSERVER, maxHandshakes = 1024, handshakeTimeout = 3000 } = options;
    const { maxHandshakesPerAddress = maxHandshakes / 2 } = options;
    this.#options = options;
    this.#observer = observer;
    this.#identities = new ProvenIdentities(pskFor);
    this.#strangers = new Strangers(
      { total: maxHandshakes, perAddress: maxHandshakesPerAddress, timeout: handshakeTimeout },
      (socket) => this.#turnAway(socket),
    );
    this.#server = createTlsListener({
      pskCallback: (socket, identity) => this.#identities.keyFor(socket, identity),
      admit: (socket) => this.#admit(socket),
      secured: (socket) => this.#secured(socket),
      failed: (socket) => this.#turnAway(socket),
    });
  }

  get port(): number {
    return this.#port;
  }

  /** Opens the port. Rejects with the system's error if the port cannot be opened. */
  async listen(): Promise<void> {
    const { port, host = '0.0.0.0', signal } = this.#options;
    this.#server.listen({ port, host, backlog: BACKLOG });
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Closes the listener and all its sessions; resolves when their sockets are closed. */
  async close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await Promise.all([...this.#sessions].map((session) => session.close('the listener closed')));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #admit(socket: Socket): boolean {
    const refused = this.#strangers.admit(socket);
    if (refused) {
      this.#observer.handshakeFailed(refused);
      return false;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return true;
  }

  #turnAway(socket: Socket): void {
    // A connection that was counted already comes here too, and is not counted again.
    if (this.#strangers.has(socket)) this.#observer.handshakeFailed('handshake');
    this.#strangers.forget(socket);
    socket.destroy();
  }

  #secured(socket: TLSSocket): void {
    const { maxSessions = 16_384, onSession } = this.#options;
    const took = this.#strangers.forget(socket);
    const identity = this.#identities.of(socket);
    if (identity === undefined || this.#sessions.size >= maxSessions) {
      this.#observer.handshakeFailed(identity === undefined ? 'identity' : 'sessions');
      socket.destroy();
      return;
    }
    this.#observer.handshake(took);
    const session = new Session(socket, this.#options);
    this.#sessions.add(session);
    void session.closed.then((reason) => {
      this.#sessions.delete(session);
      this.#observer.ended(endOf(reason));
    });
    onSession(session, identity);
  }
}

function endOf(reason: string): SessionEnd {
  if (reason === SILENT) return 'silent';
  if (reason === UNREAD) return 'unread';
  return reason.startsWith(MALFORMED) ? 'malformed' : 'closed';
}
