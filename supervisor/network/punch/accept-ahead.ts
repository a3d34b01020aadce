import { ControlError } from '../../control/control-error.ts';
import type { AheadRequest } from '../../protocol/punch.ts';
import type { Listener, ListenerView } from '../listeners.ts';
import { dial, type Unread, type UnreadAddon } from '../unread.ts';
import type { ListenerQueues } from './listener-queues.ts';
import type { OwnPorts } from './own-ports.ts';

export interface AcceptorOptions {
  readonly addon: UnreadAddon;
  readonly listeners: ListenerView;
  readonly ports: OwnPorts;
  readonly queues: ListenerQueues;
}

/** How long an end waits for a guest, ms; longer than the initiator may use it. */
const LIFE = 12_000;
/** How long an established end may wait for room in the queue of the guest's listener, ms. */
const QUEUE_TIMEOUT = 15_000;
/**
 * Maximum number of open ends. Each end is a descriptor, and a function has 1,024 descriptors for everything.
 */
const MAX_OPEN = 256;

/** Opens this node's ends of connections that guests of other nodes are about to make. */
export class AheadAcceptor {
  readonly #options: AcceptorOptions;
  readonly #stop = new AbortController();
  #open = 0;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /**
   * Opens the ends in order, and resolves to the number of ends that are open. Rejects with ControlError:
   * ECONNREFUSED when nobody listens, EINVAL for a port that is not an inbound port, EAGAIN when too many
   * ends are open.
   */
  async open(request: AheadRequest): Promise<number> {
    const { ports, listeners } = this.#options;
    if (this.#open + request.ends.length > MAX_OPEN)
      throw new ControlError('EAGAIN', `${this.#open} connections wait for guests already`);
    for (const { at } of request.ends) ports.requireInboundPort(at);
    const listener = await listeners.find(request.port);
    if (!listener) throw new ControlError('ECONNREFUSED', `nothing listens on port ${request.port}`);
    return this.#openEnds(request, listener);
  }

  close(): void {
    this.#stop.abort(new Error('the node ends'));
  }

  #openEnds(request: AheadRequest, { family }: Listener): number {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LIFE)]);
    for (const [index, { at, port }] of request.ends.entries()) {
      try {
        const target = { family, localPort: at, address: request.from, port };
        void this.#wait(dial(this.#options.addon, target, signal).connection, request, port);
      } catch {
        return index;
      }
    }
    return request.ends.length;
  }

  /**
   * Waits until the guest at the other end connects from `guestPort`. Meanwhile the kernel repeats the first
   * packet.
   */
  async #wait(connection: Promise<Unread> | Unread, request: AheadRequest, guestPort: number): Promise<void> {
    this.#open += 1;
    try {
      const arrived = await connection;
      this.#bring(arrived, request, guestPort).catch(() => arrived.reset());
    } catch {
      // No guest came.
    } finally {
      this.#open -= 1;
    }
  }

  /**
   * Brings an established end to the listener, which may have closed or been replaced since the end was
   * opened.
   */
  async #bring(connection: Unread, { port, from, peer }: AheadRequest, guestPort: number): Promise<void> {
    const { listeners, queues } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(QUEUE_TIMEOUT)]);
    const listener = listeners.at(port) ?? (await listeners.find(port));
    if (!listener) return connection.reset();
    const arrived = { connection, from: { address: from, port: guestPort }, port: guestPort };
    await queues.bring({ port, peer }, listener, () => arrived, signal);
  }
}
