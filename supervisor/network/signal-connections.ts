import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { AcceptWatch } from './accept-watch.ts';
import type { FlowNames } from './flow-names.ts';
import { ListenerHabits } from './listener-habits.ts';
import type { Listener } from './listeners.ts';
import { pipeFlow } from './relay/pipe.ts';
import type { SignalState } from './signal-states.ts';
import { dial, type Unread, type UnreadAddon } from './unread.ts';

/** A connection from elsewhere, unread, for a guest's listener. */
export interface Arrival {
  readonly connection: Unread;
  readonly listener: Listener;
  /** What the guest sees as the connection's two ends. */
  readonly names: FlowNames;
}

/** More than any listen backlog that a guest can have in a function. */
const MAX_WAITING = 4096;
/** A queue that has room now and then takes the connection sooner; one that never has would show it only with data. */
const MAX_ATTEMPTS = 100;
/** Nearly as long as the kernel repeats a SYN that finds no room. */
const AGAIN_TIMEOUT_MS = 120_000;
/** A process monitor nearly always asks for a connection within this time. */
const PROMPT_MS = 20;

interface Entry extends Arrival {
  /** Undefined while it is being dialled: the guest may be quicker than this process's own event of the connection. */
  signal?: Unread;
  /** When the connection was announced, as `performance.now()`. */
  readonly since: number;
  /** How often the connection was announced before. */
  readonly attempt: number;
  /** Defined while `signal` is listened to. */
  stopListening?: () => void;
}

interface SignalConnectionsOptions {
  readonly addon: UnreadAddon;
  /** Called when a listener was not there: reads the kernel's table again. Returns the listener on `port`. */
  readonly lookAgain: (port: number) => Listener | undefined;
}

/** Hands connections over to the guest's listeners by signal connections; see docs/process-monitor.md. */
export class SignalConnections {
  readonly #addon: UnreadAddon;
  readonly #lookAgain: SignalConnectionsOptions['lookAgain'];
  /** By the local port of their signal connection: connections that the guest has not accepted yet. */
  readonly #waiting = new Map<number, Entry>();
  /** The same: connections whose bytes go through this process. */
  readonly #bridged = new Map<number, Entry>();
  readonly #habits = new ListenerHabits();
  readonly #watch = new AcceptWatch((port, state) => this.#found(port, state));
  #listenTimer: NodeJS.Timeout | undefined;

  constructor({ addon, lookAgain }: SignalConnectionsOptions) {
    this.#addon = addon;
    this.#lookAgain = lookAgain;
  }

  /**
   * Queues a connection at its listener, and owns it from now on. Resolves when the listener's queue has the signal connection. Rejects
   * with `code` ECONNREFUSED when nobody listens any more, or too many connections wait; the connection is then reset.
   */
  offer(arrival: Arrival, signal: AbortSignal): Promise<void> {
    return this.#announce({ ...arrival, since: performance.now(), attempt: 0 }, signal);
  }

  /** BOXER_ACCEPT: the socket that a signal connection stands for. Without `fd` the guest has to keep the signal connection. */
  accept({ peer: { port } }: Pick<ServiceRequest, 'peer'>): ServiceAnswer {
    const bridged = this.#bridged.get(port);
    const entry = bridged ?? this.#take(port);
    if (!entry) throw new BoxerError('EAGAIN', 'the connection has gone');
    const { listener, names, signal, connection } = entry;
    this.#habits.asked(listener.port);
    if (bridged) return { ...names };
    entry.stopListening?.();
    if (!connection.isOpen) throw new BoxerError('EAGAIN', 'the connection has gone');
    // Reset, not closed: each closed one would leave a TIME_WAIT behind.
    signal?.reset();
    return {
      ...names,
      fd: connection.fd(),
      // The guest has its own copy by then.
      release: () => connection.close(),
    };
  }

  /** BOXER_NAMES_OF: the names in the overlay of a signal connection that a guest has taken for a real one. */
  namesOf({ peer: { address, port } }: Pick<ServiceRequest, 'peer'>): FlowNames | undefined {
    if (address !== SIGNAL_SOURCE) return undefined;
    return (this.#bridged.get(port) ?? this.#waiting.get(port))?.names;
  }

  /** A process monitor reports that its guest listens on `port`, or that nobody does any more. */
  monitored(port: number, listens: boolean): void {
    this.#habits.monitored(port, listens);
  }

  close(): void {
    this.#watch.close();
    clearTimeout(this.#listenTimer);
    for (const { connection, signal } of [...this.#waiting.values(), ...this.#bridged.values()]) {
      connection.reset();
      signal?.close();
    }
    this.#waiting.clear();
    this.#bridged.clear();
  }

  /** Makes a signal connection for `entry`. Errors as `offer`. */
  async #announce(entry: Entry, cancel: AbortSignal): Promise<void> {
    let port: number | undefined;
    try {
      if (this.#waiting.size >= MAX_WAITING)
        throw new BoxerError('ECONNREFUSED', 'too many connections wait for accept()');
      const { reach, port: listenerPort } = entry.listener;
      const target = { address: reach, port: listenerPort, localAddress: SIGNAL_SOURCE, localPort: 0 };
      const { localPort, connection } = dial(this.#addon, { family: 4, ...target }, cancel);
      port = localPort;
      this.#waiting.set(port, entry);
      const signal = connection instanceof Promise ? await connection : connection;
      // The guest was quicker than this process's own event of the connection.
      if (this.#waiting.get(port) !== entry) return signal.reset();
      entry.signal = signal;
      if (this.#habits.exchanges(listenerPort)) this.#waitForExchange(port);
      else this.#bridge(port);
    } catch (error) {
      const isOurs = this.#withdraw(port, entry);
      const moved = errnoNameOf(error) === 'ECONNREFUSED' ? this.#movedFrom(entry.listener) : undefined;
      if (isOurs && moved) return this.#announce({ ...entry, listener: moved }, cancel);
      if (isOurs) entry.connection.reset();
      // The guest accepted the connection and reset it before this process saw that: it has been brought there.
      if (errnoNameOf(error) === 'ECONNRESET') return;
      throw error;
    }
  }

  /** Takes back a connection that could not be announced. False where the guest has it by now. */
  #withdraw(port: number | undefined, entry: Entry): boolean {
    if (port === undefined) return true;
    return this.#waiting.get(port) === entry && this.#take(port) !== undefined;
  }

  /**
   * The listener that the guest has opened on the same port of another address. listen() has reported it, but this process has not
   * read the report yet.
   */
  #movedFrom({ port, reach }: Listener): Listener | undefined {
    const present = this.#lookAgain(port);
    return present?.reach === reach ? undefined : present;
  }

  #waitForExchange(port: number): void {
    this.#watch.add(port);
    this.#listenSoon();
  }

  #take(port: number): Entry | undefined {
    const entry = this.#waiting.get(port);
    this.#waiting.delete(port);
    this.#watch.remove(port);
    return entry;
  }

  /** The kernel's table shows what became of a signal connection that no process monitor has asked about. */
  #found(port: number, state: SignalState): void {
    const entry = this.#waiting.get(port);
    if (!entry) return;
    const { port: listener } = entry.listener;
    const isOverflow = state === 'lost' || (state === 'deferred' && this.#habits.isPrompt(listener));
    if (isOverflow && entry.attempt < MAX_ATTEMPTS) {
      this.#announceAgain(port);
      return;
    }
    if (state === 'accepted') this.#habits.took(listener);
    else this.#habits.deferred(listener);
    this.#bridge(port);
  }

  /** The listener's queue had no room for the signal connection at `port`. */
  #announceAgain(port: number): void {
    const entry = this.#take(port);
    if (!entry) return;
    const { stopListening, signal, attempt, ...arrival } = entry;
    stopListening?.();
    signal?.reset();
    const again = { ...arrival, since: performance.now(), attempt: attempt + 1 };
    // Whoever offered the connection has been told that it is on its way. The far end sees an error as a reset.
    this.#announce(again, AbortSignal.timeout(AGAIN_TIMEOUT_MS)).catch(() => undefined);
  }

  /** The signal connection becomes the connection: bytes go through this process. That is right for every guest, only slower. */
  #bridge(port: number, first?: Buffer): void {
    const entry = this.#take(port);
    if (!entry?.signal) return;
    entry.stopListening?.();
    this.#bridged.set(port, entry);
    const stream = entry.connection.stream();
    if (first) stream.write(first);
    void pipeFlow(stream, entry.signal.stream()).then(() => this.#bridged.delete(port));
  }

  /** Listens only to signal connections that are not asked for at once, as a process monitor does: a stream is expensive. */
  #listenSoon(): void {
    this.#listenTimer ??= setTimeout(() => {
      this.#listenTimer = undefined;
      const due = performance.now() - PROMPT_MS;
      for (const [port, entry] of this.#waiting) {
        if (!entry.signal || entry.stopListening) continue;
        if (entry.since <= due) this.#listen(port, entry, entry.signal);
        else this.#listenSoon();
      }
    }, PROMPT_MS).unref();
  }

  /** A signal connection that carries anything was taken for a real one: the process monitor never uses it. */
  #listen(port: number, entry: Entry, connection: Unread): void {
    const signal = connection.stream();
    const used = (first?: Buffer) => {
      this.#habits.took(entry.listener.port);
      signal.pause();
      this.#bridge(port, first);
    };
    const ended = () => used();
    // The listener closed while the connection was still queued: the far end sees a reset, as the kernel would send it. `port` may
    // belong to another signal connection by now, as the kernel gives it away before this process learns of the end.
    const closed = () => {
      if (this.#waiting.get(port) === entry) this.#take(port)?.connection.reset();
    };
    signal.on('close', closed).on('end', ended).on('data', used).resume();
    entry.stopListening = () => signal.off('close', closed).off('end', ended).off('data', used);
  }
}
