import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { watchAcceptance } from './accept-watch.ts';
import type { FlowNames } from './flow-names.ts';
import type { Listener } from './listeners.ts';
import { pipeFlow } from './relay/pipe.ts';
import { dial, type Unread, type UnreadAddon } from './unread.ts';

/** A connection from elsewhere, unread, for a guest's listener. */
export interface Arrival {
  readonly connection: Unread;
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
/** A queue that has room now and then takes it sooner; one that never does shows nothing without data. */
const MAX_ATTEMPTS = 100;
/** As long as the kernel goes on with a SYN that finds no room, nearly. */
const AGAIN_TIMEOUT_MS = 120_000;
/** A process monitor asks for a connection within so many ms, nearly always. */
const PROMPT_MS = 20;

/**
 * What the processes behind a listener do with signal connections. `exchange`: they ask for the real one. `take`: they make
 * their system calls themselves (Go, io_uring) and have taken one for a connection. `defer`: the kernel shows them none before
 * it carries data.
 */
type Habit = 'exchange' | 'take' | 'defer';

interface Entry extends Arrival {
  /** Not there while it is being dialled: the guest may be quicker than our own event of the connection. */
  signal?: Unread;
  /** When it was announced, ms. */
  readonly since: number;
  /** How often it was announced before. */
  readonly attempt: number;
  /** There while `signal` is listened to. */
  stopListening?: () => void;
}

interface HandOverOptions {
  readonly addon: UnreadAddon;
  /** A listener was not there: what listens on its port now, if anything does. */
  readonly lookAgain: (port: number) => Listener | undefined;
}

export function createHandOver({ addon, lookAgain }: HandOverOptions): HandOver {
  const waiting = new Map<number, Entry>();
  const bridged = new Map<number, Entry>();
  const habits = new Map<number, Habit>();
  /** Listeners that have taken a signal connection: the kernel shows them those that carry no data. */
  const prompt = new Set<number>();
  let listening: NodeJS.Timeout | undefined;
  const watch = watchAcceptance((port, state) => {
    const entry = waiting.get(port);
    if (!entry) return;
    const { port: listener } = entry.listener;
    const overflowed = state === 'lost' || (state === 'deferred' && prompt.has(listener));
    if (overflowed && entry.attempt < MAX_ATTEMPTS) return void announceAgain(port);
    habits.set(listener, state === 'accepted' ? 'take' : 'defer');
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
    const stream = entry.connection.stream();
    if (first) stream.write(first);
    void pipeFlow(stream, entry.signal.stream()).then(() => bridged.delete(port));
  }

  /** A signal connection that says anything was taken for a real one: the process monitor never uses it. */
  function listen(port: number, entry: Entry): void {
    const signal = entry.signal?.stream();
    const used = (first?: Buffer) => {
      habits.set(entry.listener.port, 'take');
      signal?.pause();
      bridge(port, first);
    };
    const ended = () => used();
    // The listener closed with the connection still queued: the far end sees what the kernel would do, a reset.
    // The port may by now be that of another signal connection: the kernel gives it away before we hear of the end.
    const closed = () => {
      if (waiting.get(port) === entry) take(port)?.connection.reset();
    };
    signal?.on('close', closed).on('end', ended).on('data', used).resume();
    entry.stopListening = () => signal?.off('close', closed).off('end', ended).off('data', used);
  }

  /** Only those that are not asked for at once, as a process monitor does, are worth a stream. */
  function listenSoon(): void {
    listening ??= setTimeout(() => {
      listening = undefined;
      const due = performance.now() - PROMPT_MS;
      for (const [port, entry] of waiting) {
        if (!entry.signal || entry.stopListening) continue;
        if (entry.since <= due) listen(port, entry);
        else listenSoon();
      }
    }, PROMPT_MS).unref();
  }

  /** Makes a signal connection for `entry`; errors as `HandOver.offer`, whose part they are. */
  async function announce(entry: Entry, cancel: AbortSignal): Promise<void> {
    let port = 0;
    try {
      if (waiting.size >= MAX_WAITING)
        throw new BoxerError('ECONNREFUSED', 'too many connections wait for accept()');
      const { reach, port: listenerPort } = entry.listener;
      const target = { address: reach, port: listenerPort, localAddress: SIGNAL_SOURCE, localPort: 0 };
      const { localPort, connection } = dial(addon, { family: 4, ...target }, cancel);
      port = localPort;
      waiting.set(port, entry);
      const signal = connection instanceof Promise ? await connection : connection;
      // The guest was quicker than our own event of the connection.
      if (waiting.get(port) !== entry) return signal.reset();
      entry.signal = signal;
      if (habits.get(entry.listener.port) === 'exchange') {
        watch.add(port);
        listenSoon();
      } else bridge(port);
    } catch (error) {
      const isOurs = port === 0 || waiting.get(port) === entry;
      if (isOurs) take(port);
      // Closed and opened anew, on another address: listen() has told, and we have not heard of it yet.
      const other = errnoNameOf(error) === 'ECONNREFUSED' ? lookAgain(entry.listener.port) : undefined;
      if (isOurs && other && other.reach !== entry.listener.reach)
        return announce({ ...entry, listener: other }, cancel);
      if (isOurs) entry.connection.reset();
      // Accepted, and reset before we saw it: that is no failure to bring it there.
      if (errnoNameOf(error) === 'ECONNRESET') return;
      throw error;
    }
  }

  /** The listener's queue had no room for the signal connection at `port`. */
  function announceAgain(port: number): void {
    const entry = take(port);
    if (!entry) return;
    const { stopListening, signal, attempt, ...arrival } = entry;
    stopListening?.();
    signal?.reset();
    const again = { ...arrival, since: performance.now(), attempt: attempt + 1 };
    // Whoever offered it was told that it is on its way: an error is the far end's reset.
    announce(again, AbortSignal.timeout(AGAIN_TIMEOUT_MS)).catch(() => undefined);
  }

  return {
    offer: (arrival, cancel) => announce({ ...arrival, since: performance.now(), attempt: 0 }, cancel),

    accept({ peer: { port } }) {
      const kept = bridged.get(port);
      const entry = kept ?? take(port);
      if (!entry) throw new BoxerError('EAGAIN', 'the connection has gone');
      const { listener, names, signal, connection } = entry;
      if (habits.get(listener.port) !== 'defer') habits.set(listener.port, 'exchange');
      prompt.add(listener.port);
      if (kept) return { ...names };
      entry.stopListening?.();
      if (!connection.isOpen) throw new BoxerError('EAGAIN', 'the connection has gone');
      // Reset, not closed: a closed one would leave a TIME_WAIT behind for every connection.
      signal?.reset();
      return {
        ...names,
        fd: connection.fd(),
        // The guest has its own copy now.
        release: () => connection.close(),
      };
    },

    namesOf({ peer: { address, port } }) {
      if (address !== SIGNAL_SOURCE) return undefined;
      return (bridged.get(port) ?? waiting.get(port))?.names;
    },

    monitored(port, listens) {
      if (listens) habits.set(port, 'exchange');
      else habits.delete(port);
      prompt.delete(port);
    },

    close() {
      watch.close();
      clearTimeout(listening);
      for (const { connection, signal } of [...waiting.values(), ...bridged.values()]) {
        connection.reset();
        signal?.close();
      }
      waiting.clear();
      bridged.clear();
    },
  };
}
