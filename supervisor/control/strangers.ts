import type { Socket } from 'node:net';

/** Connections that have not shown who they are. */
export interface StrangerLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts who has not proven anything yet, so that one address cannot keep the others out. */
export class Strangers {
  readonly #limits: StrangerLimits;
  readonly #perAddress = new Map<string, number>();
  /** `<address>:<port>` of the peer: the secured socket of a connection is another object than its plain one. */
  readonly #known = new Map<string, { readonly address: string; readonly since: number }>();

  constructor(limits: StrangerLimits) {
    this.#limits = limits;
  }

  /** Undefined: it may go on, until it is forgotten; otherwise why not. */
  admit(socket: Socket): 'total' | 'perAddress' | undefined {
    const address = socket.remoteAddress ?? '';
    const same = this.#perAddress.get(address) ?? 0;
    if (this.#known.size >= this.#limits.total) return 'total';
    if (same >= this.#limits.perAddress) return 'perAddress';
    this.#perAddress.set(address, same + 1);
    const key = keyOf(socket);
    this.#known.set(key, { address, since: performance.now() });
    socket.once('close', () => this.#forget(key));
    return undefined;
  }

  has(socket: Socket): boolean {
    return this.#known.has(keyOf(socket));
  }

  /** It has shown who it is; returns how many ms that took. */
  forget(socket: Socket): number {
    return this.#forget(keyOf(socket));
  }

  #forget(key: string): number {
    const known = this.#known.get(key);
    if (known === undefined) return 0;
    const { address, since } = known;
    this.#known.delete(key);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    return performance.now() - since;
  }
}

const keyOf = (socket: Socket) => `${socket.remoteAddress}:${socket.remotePort}`;
