import type { Endpoint } from '../control/endpoint.ts';
import type { Introduction } from '../membership/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { ServiceAnswer } from '../service/server.ts';
import type { ServiceRequest } from '../service/wire.ts';
import type { FlowNames, FlowNameTable } from './flow-names.ts';
import type { Listener, ListenerView } from './listeners.ts';
import { dialIn } from './relay/dial-in.ts';
import { SignalConnections } from './signal-connections.ts';
import { type Unread, type UnreadAddon, unreadOf } from './unread.ts';

/** How long the relay and the guest's listener may take to answer. */
const DIAL_TIMEOUT_MS = 10_000;

interface AcceptorOptions {
  readonly addon: UnreadAddon;
  readonly selfAddress: () => string;
  readonly flows: FlowNameTable;
  readonly listeners: ListenerView;
}

/** Brings connections from other nodes to the guest's listeners. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #signals: SignalConnections;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#signals = new SignalConnections(options);
  }

  /**
   * Fetches an introduced connection at the relay. Resolves when the listener's queue has the connection;
   * rejects with `code` ECONNREFUSED when nobody listens.
   */
  async introduce(introduction: Introduction, signal: AbortSignal): Promise<void> {
    const { listeners, selfAddress } = this.#options;
    const listener = await listeners.find(introduction.port);
    if (!listener) throw new BoxerError('ECONNREFUSED', `nothing listens on port ${introduction.port}`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
    // An AF_INET6 listener yields AF_INET6 sockets natively, with v4-mapped addresses.
    const socket = await dialIn(introduction, limit, listener.family);
    const names = {
      local: { address: selfAddress(), port: introduction.port },
      peer: introduction.peer,
    };
    await this.#deliver(unreadOf(socket), listener, introduction.relay, names, limit);
  }

  /**
   * Delivers a connection that was not made through the relay and that the kernel sees as coming from `from`.
   * Owns the connection. Settles like `introduce`.
   */
  deliver(connection: Unread, listener: Listener, from: Endpoint, names: FlowNames): Promise<void> {
    return this.#deliver(connection, listener, from, names, AbortSignal.timeout(DIAL_TIMEOUT_MS));
  }

  /**
   * A process monitor reports that its guest listens on `port`, or that nobody listens there any more. Such a
   * guest understands signal connections.
   */
  monitored(port: number, listens: boolean): void {
    this.#signals.monitored(port, listens);
  }

  /** BOXER_ACCEPT: hands over the socket that a signal connection announced. */
  accept(request: ServiceRequest): ServiceAnswer {
    return this.#signals.accept(request);
  }

  /**
   * BOXER_NAMES_OF: returns the overlay endpoints of a signal connection that a guest took for a real one;
   * undefined for any other connection.
   */
  namesOf(request: ServiceRequest): FlowNames | undefined {
    return this.#signals.namesOf(request);
  }

  close(): void {
    this.#signals.close();
  }

  async #deliver(
    connection: Unread,
    listener: Listener,
    from: Endpoint,
    names: FlowNames,
    signal: AbortSignal,
  ): Promise<void> {
    this.#options.flows.rememberAccepted(from, connection.localPort, names);
    await this.#signals.offer({ connection, listener, names }, signal);
  }
}
