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

/** Where the initiator's guest connects to, where this is not a door that it knows. */
export interface Introduced {
  readonly port?: number;
}

/** How long a connection may take to be opened, ms: a SYN is repeated a few times meanwhile. */
const OPEN_TIMEOUT = 15_000;
/** How long repetitions of an introduction are answered, ms. */
const MEMORY = 30_000;
const MAX_REMEMBERED = 16_384;
/** Connections that are being opened at a time: a function has 1,024 descriptors for everything. More have to wait. */
const MAX_OPENING = 256;

/** Opens this node's ends of connections that other nodes introduce. */
export class PunchAcceptor {
  readonly #options: AcceptorOptions;
  readonly #stop = new AbortController();
  /** By id: introductions that are being answered, or have been. */
  readonly #known = new Map<string, Promise<Introduced>>();
  readonly #opening = new Slots(MAX_OPENING);

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /**
   * Resolves when this end is under way, or to the port where it listens. An introduction that is repeated gets the same answer.
   * Rejects with ECONNREFUSED where nobody listens, EAGAIN where too many are under way, EINVAL for a port that is no door.
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
    if (!nearby) this.#options.ports.requireDoor(at);
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

  /** Both nodes are on one network: the guest at the other end connects to a port that waits for it alone. */
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
      // No NAT is between the two: the guest has chosen its port itself.
      return { connection: unreadOf(socket), from: remote, port: remote.port };
    };
    this.#bring(introduction, listener, open, signal);
    return { port };
  }

  /** Resolves when the first packet has left, or has to wait for its turn: the other end need not wait for that. */
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

  /** The guest at the other end sees a failure as the kernel shows it. */
  #bring(
    { port, peer }: PunchIntroduction,
    listener: Listener,
    open: () => Promise<ArrivedEnd>,
    signal: AbortSignal,
  ): void {
    const destination = { port, peer: peer.address };
    this.#options.queues.bring(destination, listener, open, signal).catch(() => undefined);
  }

  /** Calls `onSent` whenever a first packet has left. */
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

  /** The first packet of the initiator's guest is on its way: the guest has to see a connection that is reset. */
  async #refuse(introduction: PunchIntroduction, signal: AbortSignal): Promise<void> {
    const connection = await this.#dial(introduction, 4, signal, () => undefined);
    connection.reset();
  }
}
