import type { Endpoint } from '../control/endpoint.ts';
import type { Introduction } from '../membership/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { ServiceAnswer } from '../service/server.ts';
import type { ServiceRequest } from '../service/wire.ts';
import type { FlowNames, FlowNameTable } from './flow-names.ts';
import { createHandOver } from './hand-over.ts';
import type { Listener, ListenerView } from './listeners.ts';
import { dialIn } from './relay/dial-in.ts';
import { type Unread, type UnreadAddon, unreadOf } from './unread.ts';

/** Brings connections from elsewhere to the guest's listeners. */
export interface Acceptor {
  /** Resolves when the listener's queue has the connection; rejects with `code` ECONNREFUSED when nobody listens. */
  introduce(introduction: Introduction, signal: AbortSignal): Promise<void>;
  /** A connection that was made otherwise, from what the kernel knows as `from`; owns it. Resolves and rejects as `introduce`. */
  deliver(connection: Unread, listener: Listener, from: Endpoint, names: FlowNames): Promise<void>;
  /** A process monitor reports that its guest listens on `port`, or that nobody does any more: it will understand signal connections. */
  monitored(port: number, listens: boolean): void;
  /** BOXER_ACCEPT: hands over the socket that a signal connection announced. */
  accept(request: ServiceRequest): ServiceAnswer;
  /** BOXER_NAMES_OF a signal connection that a guest took for a real one; undefined for any other connection. */
  namesOf(request: ServiceRequest): FlowNames | undefined;
  close(): void;
}

/** How long the relay and the guest's own listener may take to answer. */
const DIAL_TIMEOUT_MS = 10_000;

interface AcceptorOptions {
  readonly addon: UnreadAddon;
  readonly selfAddress: () => string;
  readonly flows: FlowNameTable;
  readonly listeners: ListenerView;
  /** Looks at the kernel's listeners; gives the one on `port`. */
  readonly lookAgain: (port: number) => Listener | undefined;
}

export function createAcceptor({
  addon,
  selfAddress,
  flows,
  listeners,
  lookAgain,
}: AcceptorOptions): Acceptor {
  const handOver = createHandOver({ addon, lookAgain });

  async function deliver(
    connection: Unread,
    listener: Listener,
    from: Endpoint,
    names: FlowNames,
    signal: AbortSignal,
  ) {
    flows.rememberAccepted(from, connection.localPort, names);
    await handOver.offer({ connection, listener, names }, signal);
  }

  return {
    deliver: (connection, listener, from, names) =>
      deliver(connection, listener, from, names, AbortSignal.timeout(DIAL_TIMEOUT_MS)),

    async introduce(introduction, signal) {
      const listener = await listeners.find(introduction.port);
      if (!listener) throw new BoxerError('ECONNREFUSED', `nothing listens on port ${introduction.port}`);
      const timely = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
      // An AF_INET6 listener yields AF_INET6 sockets natively, with v4-mapped addresses.
      const socket = await dialIn(introduction, timely, listener.family);
      const names = {
        local: { address: selfAddress(), port: introduction.port },
        peer: introduction.peer,
      };
      await deliver(unreadOf(socket), listener, introduction.relay, names, timely);
    },

    monitored: handOver.monitored,
    accept: handOver.accept,
    namesOf: handOver.namesOf,
    close: handOver.close,
  };
}
