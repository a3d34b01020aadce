import type { Socket, TcpNetConnectOpts } from 'node:net';
import type { Endpoint } from '../control/endpoint.ts';
import type { Introduction } from '../coordination/join.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import { socketFd } from '../service/socket-fd.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { dialUnread } from './dial.ts';
import type { FlowNameTable } from './flow-names.ts';
import type { Listener, ListenerView } from './listeners.ts';
import { pipeFlow } from './relay/pipe.ts';

/** Brings connections from elsewhere to the guest's listeners. */
export interface Acceptor {
  /** Resolves when the listener's queue has the connection; rejects with `code` ECONNREFUSED when nobody listens. */
  introduce(introduction: Introduction, signal: AbortSignal): Promise<void>;
  /** A process monitor reports that its guest listens on `port`, or that nobody does any more: it will understand signal connections. */
  monitored(port: number, listens: boolean): void;
  /** BOXER_ACCEPT: hands over the socket that a signal connection announced. */
  accept(request: ServiceRequest): ServiceAnswer;
  close(): void;
}

interface Waiting {
  readonly socket: Socket;
  readonly peer: Endpoint;
  readonly listener: Listener;
  readonly announcement: { socket?: Socket };
}

const FIRST_SIGNAL_PORT = 1024;
const LAST_SIGNAL_PORT = 65_535;
/** Longer than any listen backlog that a guest can have in a function. */
const MAX_WAITING = 4096;
/** How long the relay and the guest's own listener may take to answer. */
const DIAL_TIMEOUT_MS = 10_000;

/** Signal ports go round; one that is still waiting is passed over. */
function signalPorts(waiting: ReadonlyMap<number, Waiting>): () => number {
  let last = FIRST_SIGNAL_PORT - 1;
  return () => {
    do last = last >= LAST_SIGNAL_PORT ? FIRST_SIGNAL_PORT : last + 1;
    while (waiting.has(last));
    return last;
  };
}

interface AcceptorOptions {
  readonly selfAddress: () => string;
  readonly flows: FlowNameTable;
  readonly listeners: ListenerView;
  /** A listener that was there has gone without a word. */
  readonly onVanished: () => void;
}

export function createAcceptor({ selfAddress, flows, listeners, onVanished }: AcceptorOptions): Acceptor {
  const waiting = new Map<number, Waiting>();
  const monitored = new Set<number>();
  const nextPort = signalPorts(waiting);

  async function dialRelay(
    { relay, token }: Introduction,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Socket> {
    // An AF_INET6 listener yields AF_INET6 sockets natively, with v4-mapped addresses.
    const host = listener.family === 6 ? `::ffff:${relay.address}` : relay.address;
    const options = { host, port: relay.port, family: listener.family, autoSelectFamily: false };
    const socket = await dialUnread(options, signal);
    socket.on('error', () => socket.destroy());
    socket.write(Buffer.from(token, 'hex'));
    return socket;
  }

  /** A connection to the guest's own listener; a refusal shows that it has gone since we looked. */
  async function dialGuest(options: TcpNetConnectOpts, signal: AbortSignal): Promise<Socket> {
    try {
      return await dialUnread(options, signal);
    } catch (error) {
      if (errnoNameOf(error) === 'ECONNREFUSED') onVanished();
      throw error;
    }
  }

  /** For programs that make their system calls themselves: they would take a signal connection for a real one. */
  async function bridge(introduction: Introduction, listener: Listener, signal: AbortSignal): Promise<void> {
    const local = await dialGuest({ host: listener.reach, port: listener.port }, signal);
    local.on('error', () => local.destroy());
    const far = await dialRelay(introduction, listener, signal).catch((error: unknown) => {
      local.resetAndDestroy();
      throw error;
    });
    void pipeFlow(far, local);
  }

  async function announce(port: number, entry: Waiting, signal: AbortSignal): Promise<void> {
    waiting.set(port, entry);
    const forget = () => {
      // The listener closed with the connection still queued: the far end sees what the kernel would do, a reset.
      if (waiting.delete(port)) entry.socket.resetAndDestroy();
    };
    try {
      const { reach, port: listenerPort } = entry.listener;
      const target = { host: reach, port: listenerPort, localAddress: SIGNAL_SOURCE, localPort: port };
      const socket = await dialGuest(target, signal);
      entry.announcement.socket = socket;
      socket.on('error', forget);
      // The guest was quicker than our own event of the connection.
      if (!waiting.has(port)) return void socket.resetAndDestroy();
      socket.on('close', forget);
      // Read, or its end would never be seen; there is nothing to read.
      socket.resume();
      socket.on('end', () => socket.end());
    } catch (error) {
      forget();
      throw error;
    }
  }

  return {
    async introduce(introduction, signal) {
      const listener = listeners.at(introduction.port);
      if (!listener) throw new BoxerError('ECONNREFUSED', `nothing listens on port ${introduction.port}`);
      if (waiting.size >= MAX_WAITING)
        throw new BoxerError('ECONNREFUSED', 'too many connections wait for accept()');
      const timely = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
      if (!monitored.has(introduction.port)) return bridge(introduction, listener, timely);
      const socket = await dialRelay(introduction, listener, timely);
      const local = { address: selfAddress(), port: introduction.port };
      flows.rememberAccepted(introduction.relay, socket.localPort ?? 0, { local, peer: introduction.peer });
      await announce(nextPort(), { socket, peer: introduction.peer, listener, announcement: {} }, timely);
    },

    monitored(port, listens) {
      if (listens) monitored.add(port);
      else monitored.delete(port);
    },

    accept(request) {
      const entry = waiting.get(request.peer.port);
      waiting.delete(request.peer.port);
      if (!entry || entry.socket.destroyed) throw new BoxerError('EAGAIN', 'the connection has gone');
      // Reset, not closed: a closed one would leave a TIME_WAIT behind for every connection.
      entry.announcement.socket?.resetAndDestroy();
      const local = { address: selfAddress(), port: entry.listener.port };
      return {
        fd: socketFd(entry.socket),
        local,
        peer: entry.peer,
        // The guest has its own copy now; destroy() closes ours without shutting the connection down.
        release: () => entry.socket.destroy(),
      };
    },

    close() {
      for (const entry of waiting.values()) {
        entry.socket.resetAndDestroy();
        entry.announcement.socket?.destroy();
      }
      waiting.clear();
    },
  };
}
