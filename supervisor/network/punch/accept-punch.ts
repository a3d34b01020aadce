import { setImmediate as nextTurn } from 'node:timers/promises';
import { ControlError } from '../../control/control-error.ts';
import { endpointsOf } from '../../control/endpoint.ts';
import type { PunchIntroduction } from '../../membership/join.ts';
import type { Listener } from '../listeners.ts';
import { dial, type Unread, unreadOf } from '../unread.ts';
import type { AcceptorOptions } from './accept-ahead.ts';
import { listenOnce } from './listen-once.ts';
import type { ArrivedEnd } from './listener-queues.ts';
import { isNearby } from './nearby.ts';
import { openTogether } from './open-together.ts';
import { Slots } from './slots.ts';

/**
 * The port to which the initiator's guest has to connect; absent if it is an inbound port that the initiator
 * knows.
 */
export interface Introduced {
  readonly port?: number;
}

/** How long a connection may take to open, ms; the kernel repeats a SYN a few times in this time. */
const OPEN_TIMEOUT = 15_000;
/** How long a repeated introduction gets the same answer, ms. */
const MEMORY = 30_000;
const MAX_REMEMBERED = 16_384;
/**
 * Maximum number of connections that are being opened at the same time; more have to wait. A function has
 * 1,024 descriptors for everything.
 */
const MAX_OPENING = 256;

/** Opens this node's ends of connections that other nodes introduce. */
export class PunchAcceptor {
  readonly #options: AcceptorOptions;
  readonly #stop = new AbortController();
  /** By id: the answers to introductions, pending or given. */
  readonly #known = new Map<string, Promise<Introduced>>();
  readonly #opening = new Slots(MAX_OPENING);

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /**
   * Opens this node's end. Resolves when the end is under way, or to the port where it listens. A repeated
   * introduction gets the same answer. Rejects with ECONNREFUSED when nobody listens, EAGAIN when too many
   * connections are under way, EINVAL for a port that is not an inbound port.
   */
  introduce(introduction: PunchIntroduction): Promise<Introduced> {
    const known = this.#known.get(introduction.id);
    if (known) return known;
    if (this.#known.size >= MAX_REMEMBERED)
      return Promise.reject(new ControlError('EAGAIN', 'too many connections are being opened'));
    const answer = this.#begin(introduction);
    answer.catch(() => undefined);
    this.#known.set(introduction.id, answer);
    setTimeout(() => this.#known.delete(introduction.id), MEMORY).unref();
    return answer;
  }

  close(): void {
    this.#stop.abort(new Error('the node ends'));
  }

  async #begin(introduction: PunchIntroduction): Promise<Introduced> {
    const { port, at, underWay } = introduction;
    const nearby = isNearby(introduction);
    if (!nearby) this.#options.ports.requireInboundPort(at);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(OPEN_TIMEOUT)]);
    const listener = await this.#options.listeners.find(port);
    if (!listener) {
      if (underWay) this.#refuse(introduction, signal).catch(() => undefined);
      throw new ControlError('ECONNREFUSED', `nothing listens on port ${port}`);
    }
    if (nearby) return this.#listen(introduction, listener, signal);
    await this.#open(introduction, listener, signal);
    return {};
  }

  /** Listens for a guest on the same network, on a port that is open for this guest alone. */
  async #listen(
    introduction: PunchIntroduction,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Introduced> {
    const { queues } = this.#options;
    await queues.room(introduction.port, signal);
    const { port, connection } = await listenOnce(introduction.from.address, listener.family, signal);
    const open = async (): Promise<ArrivedEnd> => {
      const socket = await connection;
      const { remote } = endpointsOf(socket);
      // There is no NAT between the nodes, so the guest's port is the one that the kernel sees.
      return { connection: unreadOf(socket), from: remote, port: remote.port };
    };
    this.#bring(introduction, listener, open, signal);
    return { port };
  }

  /**
   * Opens this node's end. Resolves when the first packet has left, or when it has to wait for its turn, as
   * the other end need not wait for that.
   */
  async #open(introduction: PunchIntroduction, listener: Listener, signal: AbortSignal): Promise<void> {
    const { from, peer } = introduction;
    const left = Promise.withResolvers<void>();
    const open = async (): Promise<ArrivedEnd> => ({
      connection: await this.#dial(introduction, listener.family, signal, left.resolve),
      from,
      port: peer.port,
    });
    this.#bring(introduction, listener, open, signal);
    await Promise.race([left.promise, nextTurn()]);
  }

  /**
   * Brings the connection to the listener. An error is ignored, as the guest at the other end sees the
   * failure of the connection itself.
   */
  #bring(
    { port, peer }: PunchIntroduction,
    listener: Listener,
    open: () => Promise<ArrivedEnd>,
    signal: AbortSignal,
  ): void {
    const destination = { port, peer: peer.address };
    this.#options.queues.bring(destination, listener, open, signal).catch(() => undefined);
  }

  /** Opens the connection. Calls `onSent` each time that a first packet has left. */
  async #dial(
    { from, at: localPort }: PunchIntroduction,
    family: 4 | 6,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<Unread> {
    const release = await this.#opening.enter(signal);
    try {
      return await openTogether(() => {
        const { connection } = dial(this.#options.addon, { family, localPort, ...from }, signal);
        onSent();
        return connection;
      }, signal);
    } finally {
      release();
    }
  }

  /**
   * Resets the connection. The first packet of the initiator's guest is already on its way, so only a reset
   * can tell the guest of the refusal.
   */
  async #refuse(introduction: PunchIntroduction, signal: AbortSignal): Promise<void> {
    const connection = await this.#dial(introduction, 4, signal, () => undefined);
    connection.reset();
  }
}
