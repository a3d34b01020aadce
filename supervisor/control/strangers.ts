import type { Socket } from 'node:net';

/** Limits for connections that have not proven a key yet. */
export interface StrangerLimits {
  readonly total: number;
  readonly perAddress: number;
  /** How long a connection may take to prove its key, ms. */
  readonly timeout: number;
}

interface Stranger {
  readonly address: string;
  readonly since: number;
  readonly late: NodeJS.Timeout;
}

/** Limits the connections that have not proven a key yet, so that one address cannot keep the others out. */
export class Strangers {
  readonly #limits: StrangerLimits;
  readonly #perAddress = new Map<string, number>();
  /**
   * By `<address>:<port>` of the peer, as a connection's TLS socket is another object than its plain socket.
   */
  readonly #known = new Map<string, Stranger>();
  readonly #onLate: (socket: Socket) => void;

  /** Calls `onLate` with each connection that has not proven its key in time. */
  constructor(limits: StrangerLimits, onLate: (socket: Socket) => void) {
    this.#limits = limits;
    this.#onLate = onLate;
  }

  /**
   * Admits a connection. Returns undefined if the connection may go on; otherwise the limit that it exceeds.
   */
  admit(socket: Socket): 'total' | 'perAddress' | undefined {
    const address = socket.remoteAddress ?? '';
    const same = this.#perAddress.get(address) ?? 0;
    if (this.#known.size >= this.#limits.total) return 'total';
    if (same >= this.#limits.perAddress) return 'perAddress';
    this.#perAddress.set(address, same + 1);
    const key = keyOf(socket);
    const late = setTimeout(() => this.#onLate(socket), this.#limits.timeout);
    this.#known.set(key, { address, since: performance.now(), late });
    socket.once('close', () => this.#forget(key));
    return undefined;
  }

  has(socket: Socket): boolean {
    return this.#known.has(keyOf(socket));
  }

  /**
   * Forgets a connection that has proven its key or has ended. Returns the time since the connection was
   * admitted, ms.
   */
  forget(socket: Socket): number {
    return this.#forget(keyOf(socket));
  }

  #forget(key: string): number {
    const known = this.#known.get(key);
    if (known === undefined) return 0;
    const { address, since, late } = known;
    clearTimeout(late);
    this.#known.delete(key);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    return performance.now() - since;
  }
}

const keyOf = (socket: Socket) => `${socket.remoteAddress}:${socket.remotePort}`;
