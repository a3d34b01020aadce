import { BoxerError } from '../published/boxer-error.ts';
import { errnoNameOf } from '../service/errno.ts';
import type { ServiceAnswer } from '../service/server.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import type { ServiceRequest } from '../service/wire.ts';
import { AcceptWatch } from './accept-watch.ts';
import type { FlowNames } from './flow-names.ts';
import { ListenerHabits } from './listener-habits.ts';
import type { Listener, ListenerView } from './listeners.ts';
import { pipeFlow } from './relay/pipe.ts';
import type { SignalState } from './signal-states.ts';
import { dial, type Unread, type UnreadAddon } from './unread.ts';

/** An unread connection from another node for a guest's listener. */
export interface Arrival {
  readonly connection: Unread;
  readonly listener: Listener;
  /** The two ends of the connection as the guest sees them. */
  readonly names: FlowNames;
}

/**
 * Maximum number of waiting connections; more than any listen backlog that a guest can have in a function.
 */
const MAX_WAITING = 4096;
/**
 * Maximum number of repeated announcements. A queue that sometimes has room takes the connection before that.
 * After that the connection is bridged, as if the listener waited for data.
 */
const MAX_ATTEMPTS = 100;
/** Nearly as long as the kernel repeats a SYN that finds no room in the queue. */
const AGAIN_TIMEOUT_MS = 120_000;
/** A process monitor nearly always asks for a connection within this time. */
const PROMPT_MS = 20;

interface Entry extends Arrival {
  /**
   * Undefined while the signal connection is being dialled. The guest may accept it before this process gets
   * the event.
   */
  signal?: Unread;
  /** The time when the connection was announced, as `performance.now()`. */
  readonly since: number;
  /** Number of earlier announcements of the connection. */
  readonly attempt: number;
  /** Defined while `signal` is listened to. */
  stopListening?: () => void;
}

interface SignalConnectionsOptions {
  readonly addon: UnreadAddon;
  /** Refreshed when a listener has refused a connection. */
  readonly listeners: Pick<ListenerView, 'at' | 'refresh'>;
}

/** Hands connections over to the guest's listeners by signal connections; see docs/process-monitor.md. */
export class SignalConnections {
  readonly #addon: UnreadAddon;
  readonly #listeners: SignalConnectionsOptions['listeners'];
  /** By the local port of their signal connection: connections that the guest has not accepted yet. */
  readonly #waiting = new Map<number, Entry>();
  /** By the local port of their signal connection: connections whose bytes go through this process. */
  readonly #bridged = new Map<number, Entry>();
  readonly #habits = new ListenerHabits();
  readonly #watch = new AcceptWatch((port, state) => this.#found(port, state));
  #listenTimer: NodeJS.Timeout | undefined;

  constructor({ addon, listeners }: SignalConnectionsOptions) {
    this.#addon = addon;
    this.#listeners = listeners;
  }

  /**
   * Queues a connection at its listener, and owns it from now on. Resolves when the listener's queue has the
   * signal connection. Rejects with `code` ECONNREFUSED when nobody listens any more or too many connections
   * wait; the connection is then reset.
   */
  offer(arrival: Arrival, signal: AbortSignal): Promise<void> {
    return this.#announce({ ...arrival, since: performance.now(), attempt: 0 }, signal);
  }

  /**
   * BOXER_ACCEPT: returns the socket for which a signal connection stands. Without `fd`, the guest has to
   * keep the signal connection.
   */
  accept({ peer: { port } }: Pick<ServiceRequest, 'peer'>): ServiceAnswer {
    const bridged = this.#bridged.get(port);
    const entry = bridged ?? this.#take(port);
    if (!entry) throw new BoxerError('EAGAIN', 'the connection has gone');
    const { listener, names, signal, connection } = entry;
    this.#habits.asked(listener.port);
    if (bridged) return { ...names };
    entry.stopListening?.();
    if (!connection.isOpen) throw new BoxerError('EAGAIN', 'the connection has gone');
    // The signal connection is reset, as a closed one would leave a TIME_WAIT behind.
    signal?.reset();
    return {
      ...names,
      fd: connection.fd(),
      // The guest has its own copy of the descriptor when `release` runs.
      release: () => connection.close(),
    };
  }

  /**
   * BOXER_NAMES_OF: returns the overlay endpoints of a signal connection that a guest has taken for a real
   * one.
   */
  namesOf({ peer: { address, port } }: Pick<ServiceRequest, 'peer'>): FlowNames | undefined {
    if (address !== SIGNAL_SOURCE) return undefined;
    return (this.#bridged.get(port) ?? this.#waiting.get(port))?.names;
  }

  /** A process monitor reports that its guest listens on `port`, or that nobody listens there any more. */
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

  /** Makes a signal connection for `entry`. Rejects with the errors of `offer`. */
  async #announce(entry: Entry, cancel: AbortSignal): Promise<void> {
    let port: number | undefined;
    try {
      if (this.#waiting.size >= MAX_WAITING)
        throw new BoxerError('ECONNREFUSED', 'too many connections wait for accept()');
      const { reach, port: listenerPort } = entry.listener;
      const target = { address: reach, port: listenerPort, localAddress: SIGNAL_SOURCE };
      const { localPort, connection } = dial(this.#addon, { family: 4, ...target }, cancel);
      port = localPort;
      this.#waiting.set(port, entry);
      const signal = connection instanceof Promise ? await connection : connection;
      // The guest has accepted the signal connection before this process got the event.
      if (this.#waiting.get(port) !== entry) return signal.reset();
      entry.signal = signal;
      if (this.#habits.exchanges(listenerPort)) this.#waitForExchange(port);
      else this.#bridge(port);
    } catch (error) {
      const isOurs = this.#withdraw(port, entry);
      const moved = errnoNameOf(error) === 'ECONNREFUSED' ? this.#movedFrom(entry.listener) : undefined;
      if (isOurs && moved) return this.#announce({ ...entry, listener: moved }, cancel);
      if (isOurs) entry.connection.reset();
      // The guest accepted the connection and reset it before this process got the event, so the connection
      // was delivered.
      if (errnoNameOf(error) === 'ECONNRESET') return;
      throw error;
    }
  }

  /** Takes back a connection that could not be announced. Returns false if the guest has it already. */
  #withdraw(port: number | undefined, entry: Entry): boolean {
    if (port === undefined) return true;
    return this.#waiting.get(port) === entry && this.#take(port) !== undefined;
  }

  /**
   * Returns the listener that the guest has opened on the same port of another address. The report of its
   * listen() has arrived, but this process has not read it yet.
   */
  #movedFrom({ port, reach }: Listener): Listener | undefined {
    this.#listeners.refresh();
    const present = this.#listeners.at(port);
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

  /**
   * Handles the state that the kernel's table shows for a signal connection about which no process monitor
   * has asked.
   */
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

  /**
   * Announces the connection again, as the listener's queue had no room for the signal connection at `port`.
   */
  #announceAgain(port: number): void {
    const entry = this.#take(port);
    if (!entry) return;
    const { stopListening, signal, attempt, ...arrival } = entry;
    stopListening?.();
    signal?.reset();
    const again = { ...arrival, since: performance.now(), attempt: attempt + 1 };
    // The caller of `offer` has been told that the connection is on its way. The far end sees an error as a
    // reset.
    this.#announce(again, AbortSignal.timeout(AGAIN_TIMEOUT_MS)).catch(() => undefined);
  }

  /**
   * Makes the signal connection the guest's connection: this process carries the bytes. That is right for
   * every guest, only slower.
   */
  #bridge(port: number, first?: Buffer): void {
    const entry = this.#take(port);
    if (!entry?.signal) return;
    entry.stopListening?.();
    this.#bridged.set(port, entry);
    const stream = entry.connection.stream();
    if (first) stream.write(first);
    void pipeFlow(stream, entry.signal.stream()).then(() => this.#bridged.delete(port));
  }

  /**
   * Listens to signal connections that no process monitor has asked for within `PROMPT_MS`. Streams are
   * expensive, so other signal connections get none.
   */
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

  /**
   * Listens to a signal connection. If the guest sends anything over it, the guest has taken it for a real
   * one, as a process monitor never sends.
   */
  #listen(port: number, entry: Entry, connection: Unread): void {
    const signal = connection.stream();
    const used = (first?: Buffer) => {
      this.#habits.took(entry.listener.port);
      signal.pause();
      this.#bridge(port, first);
    };
    const ended = () => used();
    // The listener closed while the connection was queued. The far end gets a reset, as from the kernel.
    // `port` may belong to another signal connection by now, as the kernel reuses it before this process
    // learns of the end.
    const closed = () => {
      if (this.#waiting.get(port) === entry) this.#take(port)?.connection.reset();
    };
    signal.on('close', closed).on('end', ended).on('data', used).resume();
    entry.stopListening = () => signal.off('close', closed).off('end', ended).off('data', used);
  }
}
