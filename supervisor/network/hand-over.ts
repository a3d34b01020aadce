import type { Socket } from 'node:net';
import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import { socketFd } from '../service/socket-fd.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { watchAcceptance } from './accept-watch.ts';
import { dialUnread } from './dial.ts';
import type { FlowNames } from './flow-names.ts';
import type { Listener } from './listeners.ts';
import { pipeFlow } from './relay/pipe.ts';

/** A connection from elsewhere, unread, for a guest's listener. */
export interface Arrival {
  readonly socket: Socket;
  readonly listener: Listener;
  /** What the guest shall see. */
  readonly names: FlowNames;
}

/** Hands connections over to the guest's listeners by signal connections; see docs/process-monitor.md. */
export interface HandOver {
  /**
   * Queues a connection at its listener and owns it from now on. Resolves when the listener's queue has the signal connection;
   * rejects with `code` ECONNREFUSED when nobody listens any more, or too many wait. The connection is then reset.
   */
  offer(arrival: Arrival, signal: AbortSignal): Promise<void>;
  /** BOXER_ACCEPT: the socket that a signal connection stands for; without `fd` the signal connection is to be kept. */
  accept(request: Pick<ServiceRequest, 'peer'>): ServiceAnswer;
  /** BOXER_NAMES_OF: what a signal connection that a guest has taken is called in the overlay. */
  namesOf(request: Pick<ServiceRequest, 'peer'>): FlowNames | undefined;
  /** A process monitor says that its guest listens on `port`, or that nobody does any more. */
  monitored(port: number, listens: boolean): void;
  close(): void;
}

/** Longer than any listen backlog that a guest can have in a function. */
const MAX_WAITING = 4096;

/**
 * What the processes behind a listener do with signal connections. `exchange`: they ask for the real one. `take`: they make
 * their system calls themselves (Go, io_uring) and have taken one for a connection. `defer`: the kernel shows them none before
 * it carries data.
 */
type Habit = 'exchange' | 'take' | 'defer';

interface Entry extends Arrival {
  /** Not there while it is being dialled: the guest may be quicker than our own event of the connection. */
  signal?: Socket;
  stopListening?: () => void;
}

interface HandOverOptions {
  /** A listener that was there has gone without a word. */
  readonly onVanished: () => void;
}

export function createHandOver({ onVanished }: HandOverOptions): HandOver {
  const waiting = new Map<number, Entry>();
  const bridged = new Map<number, Entry>();
  const habits = new Map<number, Habit>();
  const watch = watchAcceptance((port, state) => {
    const entry = waiting.get(port);
    if (!entry) return;
    habits.set(entry.listener.port, state === 'deferred' ? 'defer' : 'take');
    bridge(port);
  });

  function take(port: number): Entry | undefined {
    const entry = waiting.get(port);
    waiting.delete(port);
    watch.remove(port);
    return entry;
  }

  /** The signal connection becomes the connection: bytes go through us. Right for every guest, only slower. */
  function bridge(port: number, first?: Buffer): void {
    const entry = take(port);
    if (!entry?.signal) return;
    entry.stopListening?.();
    bridged.set(port, entry);
    if (first) entry.socket.write(first);
    void pipeFlow(entry.socket, entry.signal).then(() => bridged.delete(port));
  }

  /** A signal connection that says anything was taken for a real one: the process monitor never uses it. */
  function listen(port: number, entry: Entry, signal: Socket): void {
    const used = (first?: Buffer) => {
      habits.set(entry.listener.port, 'take');
      signal.pause();
      bridge(port, first);
    };
    const ended = () => used();
    // The listener closed with the connection still queued: the far end sees what the kernel would do, a reset.
    // The port may by now be that of another signal connection: the kernel gives it away before we hear of the end.
    const closed = () => {
      if (waiting.get(port) === entry) take(port)?.socket.resetAndDestroy();
    };
    signal.on('close', closed).on('end', ended).on('data', used).resume();
    entry.stopListening = () => signal.off('close', closed).off('end', ended).off('data', used);
    watch.add(port);
  }

  return {
    async offer(arrival, cancel) {
      const entry: Entry = { ...arrival };
      let port = 0;
      try {
        if (waiting.size >= MAX_WAITING)
          throw new BoxerError('ECONNREFUSED', 'too many connections wait for accept()');
        const { reach, port: listenerPort } = entry.listener;
        const target = { host: reach, port: listenerPort, localAddress: SIGNAL_SOURCE };
        const signal = await dialUnread(target, cancel, (localPort) => {
          port = localPort;
          waiting.set(port, entry);
        });
        signal.on('error', () => signal.destroy());
        // The guest was quicker than our own event of the connection.
        if (waiting.get(port) !== entry) return void signal.resetAndDestroy();
        entry.signal = signal;
        if (habits.get(entry.listener.port) === 'exchange') listen(port, entry, signal);
        else bridge(port);
      } catch (error) {
        if (port === 0 || waiting.get(port) === entry) {
          take(port);
          entry.socket.resetAndDestroy();
        }
        // Accepted, and reset before we saw it: that is no failure to bring it there.
        if (errnoNameOf(error) === 'ECONNRESET') return;
        if (errnoNameOf(error) === 'ECONNREFUSED') onVanished();
        throw error;
      }
    },

    accept({ peer: { port } }) {
      const kept = bridged.get(port);
      const entry = kept ?? take(port);
      if (!entry) throw new BoxerError('EAGAIN', 'the connection has gone');
      const { listener, names, signal, socket } = entry;
      if (habits.get(listener.port) !== 'defer') habits.set(listener.port, 'exchange');
      if (kept) return { ...names };
      entry.stopListening?.();
      if (socket.destroyed) throw new BoxerError('EAGAIN', 'the connection has gone');
      // Reset, not closed: a closed one would leave a TIME_WAIT behind for every connection.
      signal?.resetAndDestroy();
      return {
        ...names,
        fd: socketFd(socket),
        // The guest has its own copy now; destroy() closes ours without shutting the connection down.
        release: () => socket.destroy(),
      };
    },

    namesOf({ peer: { address, port } }) {
      if (address !== SIGNAL_SOURCE) return undefined;
      return (bridged.get(port) ?? waiting.get(port))?.names;
    },

    monitored(port, listens) {
      if (listens) habits.set(port, 'exchange');
      else habits.delete(port);
    },

    close() {
      watch.close();
      for (const { socket, signal } of [...waiting.values(), ...bridged.values()]) {
        socket.resetAndDestroy();
        signal?.destroy();
      }
      waiting.clear();
      bridged.clear();
    },
  };
}
