import { setImmediate as nextTurn } from 'node:timers/promises';
import { ControlError } from '../../control/control-error.ts';
import { type Endpoint, endpointsOf } from '../../control/endpoint.ts';
import type { PunchIntroduction } from '../../membership/join.ts';
import type { AheadRequest } from '../../protocol/punch.ts';
import type { FlowNames } from '../flow-names.ts';
import type { Listener, ListenerView } from '../listeners.ts';
import { dial, type Unread, type UnreadAddon, unreadOf } from '../unread.ts';
import { createAheadAcceptor } from './accept-ahead.ts';
import { listenOnce } from './listen-once.ts';
import { openTogether } from './open-together.ts';
import { Slots } from './slots.ts';

export interface PunchAcceptorOptions {
  readonly addon: UnreadAddon;
  readonly listeners: ListenerView;
  /** Whether connections may be made from this local port. */
  readonly isDoor: (port: number) => boolean;
  readonly selfAddress: () => string;
  /** Takes the connection to the guest, and owns it from then on; resolves when the guest's listener has it. */
  readonly deliver: (
    connection: Unread,
    listener: Listener,
    from: PunchIntroduction['from'],
    names: FlowNames,
  ) => Promise<void>;
}

/** Opens this node's end of other nodes' connections. */
export interface PunchAcceptor {
  /**
   * Resolves when this end is under way, or to the port where it listens; at once for an introduction that has been answered before. Rejects with ECONNREFUSED where
   * nobody listens, EAGAIN where too many are under way, EINVAL for a port that is no door.
   */
  introduce(introduction: PunchIntroduction): Promise<{ readonly port?: number }>;
  /** Opens ends for connections to come; as `AheadAcceptor.open`. */
  ahead(request: AheadRequest): Promise<number>;
  close(): void;
}

interface Arriving {
  readonly connection: Unread;
  /** As the kernel calls the other end. */
  readonly from: Endpoint;
  /** The guest's port there. */
  readonly port: number;
}

/** As long as a SYN may take to be repeated a few times, ms. */
const OPEN_TIMEOUT = 15_000;
/** How long repetitions are answered, ms. */
const MEMORY = 30_000;
const MAX_REMEMBERED = 16_384;
/** Connections that are being opened at a time: a function has 1,024 descriptors for everything. More wait. */
const MAX_OPENING = 256;
/** Connections that wait for room in one listener's queue. The kernel lets more wait unanswered, and so do we. */
const MAX_QUEUEING = 16;

export function createPunchAcceptor(options: PunchAcceptorOptions): PunchAcceptor {
  const { addon, listeners, isDoor, selfAddress, deliver } = options;
  const stop = new AbortController();
  const known = new Map<string, Promise<{ readonly port?: number }>>();
  const opening = new Slots(MAX_OPENING);
  const queues = new Map<number, Slots>();

  function queueOf(port: number): Slots {
    const queue = queues.get(port) ?? new Slots(MAX_QUEUEING);
    queues.set(port, queue);
    return queue;
  }

  /** `left`: this end's first packet is under way. */
  async function open(
    { from, at: localPort }: PunchIntroduction,
    family: 4 | 6,
    signal: AbortSignal,
    left: () => void,
  ): Promise<Unread> {
    const release = await opening.enter(signal);
    try {
      return await openTogether(() => {
        const { connection } = dial(addon, { family, localPort, ...from }, signal);
        left();
        return connection;
      }, signal);
    } finally {
      release();
    }
  }

  /** The initiator's guest has its first packet on the way: what it shall see is a connection that is reset. */
  async function refuse(introduction: PunchIntroduction, signal: AbortSignal): Promise<void> {
    const connection = await open(introduction, 4, signal, () => undefined);
    connection.reset();
  }

  async function connect(
    introduction: Pick<PunchIntroduction, 'port' | 'peer'>,
    listener: Listener,
    arriving: () => Promise<Arriving> | Arriving,
    signal: AbortSignal,
  ): Promise<void> {
    const queue = queueOf(introduction.port);
    // A full accept queue answers nobody: so does this end, until there is room.
    if (queue.isFull) await queue.room(signal);
    const { connection, from, port } = await arriving();
    const leave = await queue.enter(signal).catch((error: unknown) => {
      connection.reset();
      throw error;
    });
    const names = {
      local: { address: selfAddress(), port: introduction.port },
      peer: { address: introduction.peer.address, port },
    };
    try {
      await deliver(connection, listener, from, names);
    } finally {
      leave();
      if (queue.isIdle) queues.delete(introduction.port);
    }
  }

  /** The listener may have gone, or be another one, since the end was opened. */
  async function take(connection: Unread, { port, from, peer }: AheadRequest, there: number) {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(OPEN_TIMEOUT)]);
    const listener = listeners.at(port) ?? (await listeners.find(port));
    if (!listener) return connection.reset();
    const introduction = { port, peer: { address: peer, port: there } };
    const arriving = () => ({ connection, from: { address: from, port: there }, port: there });
    await connect(introduction, listener, arriving, signal);
  }

  const ends = createAheadAcceptor({
    addon,
    listeners,
    isDoor,
    arrived: (connection, request, port) =>
      void take(connection, request, port).catch(() => connection.reset()),
  });

  async function begin(introduction: PunchIntroduction): Promise<{ readonly port?: number }> {
    if (introduction.at !== 0 && !isDoor(introduction.at))
      throw new ControlError('EINVAL', `${introduction.at} is no door of this node`);
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(OPEN_TIMEOUT)]);
    const listener = await listeners.find(introduction.port);
    if (!listener) {
      if (introduction.underWay) refuse(introduction, signal).catch(() => undefined);
      throw new ControlError('ECONNREFUSED', `nothing listens on port ${introduction.port}`);
    }
    if (introduction.at === 0) {
      await queueOf(introduction.port).room(signal);
      const { port, connection } = await listenOnce(introduction.from.address, listener.family, signal);
      const arriving = async () => {
        const socket = await connection;
        const { remote } = endpointsOf(socket);
        // Where no NAT is between the two, the guest has chosen its port itself.
        return { connection: unreadOf(socket), from: remote, port: remote.port };
      };
      connect(introduction, listener, arriving, signal).catch(() => undefined);
      return { port };
    }
    const { from, peer } = introduction;
    const left = Promise.withResolvers<void>();
    const arriving = async () => ({
      connection: await open(introduction, listener.family, signal, left.resolve),
      from,
      port: peer.port,
    });
    // The guest at the other end sees for itself what becomes of it.
    connect(introduction, listener, arriving, signal).catch(() => undefined);
    // Where it has to wait for its turn, the other end need not.
    await Promise.race([left.promise, nextTurn()]);
    return {};
  }

  return {
    introduce(introduction) {
      const before = known.get(introduction.id);
      if (before) return before;
      if (known.size >= MAX_REMEMBERED)
        return Promise.reject(new ControlError('EAGAIN', 'too many connections are being opened'));
      const begun = begin(introduction);
      begun.catch(() => undefined);
      known.set(introduction.id, begun);
      setTimeout(() => known.delete(introduction.id), MEMORY).unref();
      return begun;
    },
    ahead: ends.open,
    close() {
      stop.abort(new Error('the node ends'));
      ends.close();
    },
  };
}
