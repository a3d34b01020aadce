import type { Endpoint } from '../../control/endpoint.ts';
import type { FlowNames } from '../flow-names.ts';
import type { Listener } from '../listeners.ts';
import type { Unread } from '../unread.ts';
import { Slots } from './slots.ts';

/** Takes a connection to the guest and owns it. Resolves when the guest's listener has the connection. */
export type Deliver = (
  connection: Unread,
  listener: Listener,
  from: Endpoint,
  names: FlowNames,
) => Promise<void>;

/** A connection that another node's guest makes to a port of this node's guest. */
export interface Destination {
  readonly port: number;
  /** The overlay address of the connecting guest. */
  readonly peer: string;
}

/** This node's established end of such a connection. */
export interface ArrivedEnd {
  readonly connection: Unread;
  /** The other end as the kernel sees it. */
  readonly from: Endpoint;
  /** The port of the guest at the other end. */
  readonly port: number;
}

/**
 * Maximum number of connections that wait for room in the queue of one listener. Further connections get no
 * answer, as from the kernel.
 */
const MAX_QUEUEING = 16;

/** Makes connections that both nodes open wait for the guest's listener, as the kernel's SYN queue would. */
export class ListenerQueues {
  readonly #selfAddress: () => string;
  readonly #deliver: Deliver;
  /** By the port of the listener. */
  readonly #queues = new Map<number, Slots>();

  constructor(selfAddress: () => string, deliver: Deliver) {
    this.#selfAddress = selfAddress;
    this.#deliver = deliver;
  }

  /** Resolves when the queue of `port` has room. Rejects with the signal's reason. */
  async room(port: number, signal: AbortSignal): Promise<void> {
    await this.#queueOf(port).room(signal);
  }

  /**
   * Opens this node's end when the queue has room, and delivers it to the listener. Rejects with the error of
   * `open`, or with the signal's reason.
   */
  async bring(
    { port, peer }: Destination,
    listener: Listener,
    open: () => Promise<ArrivedEnd> | ArrivedEnd,
    signal: AbortSignal,
  ): Promise<void> {
    const queue = this.#queueOf(port);
    // While the accept queue is full, the kernel does not answer. Neither does this end, until there is room.
    if (queue.isFull) await queue.room(signal);
    const arrived = await open();
    const leave = await queue.enter(signal).catch((error: unknown) => {
      arrived.connection.reset();
      throw error;
    });
    const names = {
      local: { address: this.#selfAddress(), port },
      peer: { address: peer, port: arrived.port },
    };
    try {
      await this.#deliver(arrived.connection, listener, arrived.from, names);
    } finally {
      leave();
      if (queue.isIdle) this.#queues.delete(port);
    }
  }

  #queueOf(port: number): Slots {
    const queue = this.#queues.get(port) ?? new Slots(MAX_QUEUEING);
    this.#queues.set(port, queue);
    return queue;
  }
}
