import type { Socket } from 'node:net';
import type { Endpoint } from '../../control/endpoint.ts';
import type { PortPair } from '../../protocol/offer.ts';
import type { LocalPorts } from './local-ports.ts';
import { observe } from './observe.ts';

/**
 * Numbers of ports that are kept for connections, and of inbound ports for incoming connections. Each port is
 * a connection to the seed that stays open.
 */
const POOL = 4;
const INBOUND_PORTS = 2;
const OBSERVE_TIMEOUT = 2000;
/** How long a connection waits for a port when all of them are in use, ms. */
const PATIENCE = 200;
/**
 * How long the connection to the observer stays open after its port was taken, ms, so that the NAT does not
 * forget the port.
 */
const GRACE = 20_000;

interface Kept {
  readonly pair: PortPair;
  readonly socket: Socket;
}

/**
 * Ports for a NAT that changes the port but gives the same one for every destination. An observer of the seed
 * has seen each port; the connection to the observer keeps the port. Each port is used once and replaced at
 * once.
 */
export class MappedPorts {
  readonly #ports: LocalPorts;
  readonly #observer: () => Endpoint | undefined;
  readonly #stop = new AbortController();
  readonly #pool: Kept[] = [];
  readonly #inboundPorts: Kept[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #waiting: ((kept: Kept | undefined) => void)[] = [];
  #refilling = 0;

  constructor(ports: LocalPorts, observer: () => Endpoint | undefined) {
    this.#ports = ports;
    this.#observer = observer;
    for (let count = 0; count < INBOUND_PORTS; count += 1)
      void this.#add(this.#inboundPorts).catch(() => undefined);
    this.#refill();
  }

  async take(): Promise<PortPair | undefined> {
    const kept = this.#pool.shift();
    if (kept) {
      this.#refill();
      return use(kept);
    }
    const late = await this.#wait();
    return late && use(late);
  }

  /** Returns undefined: it is not known how others see a port that a guest has chosen. */
  of(): undefined {
    return undefined;
  }

  inboundPorts(): readonly PortPair[] {
    return this.#inboundPorts.map(({ pair }) => pair);
  }

  close(): void {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #wait(): Promise<Kept | undefined> {
    const { promise, resolve } = Promise.withResolvers<Kept | undefined>();
    this.#waiting.push(resolve);
    this.#refill();
    const timer = setTimeout(() => {
      const index = this.#waiting.indexOf(resolve);
      if (index >= 0) this.#waiting.splice(index, 1);
      resolve(undefined);
    }, PATIENCE);
    const kept = await promise;
    clearTimeout(timer);
    return kept;
  }

  /** Replaces taken ports. If the seed is away, the next call tries again. */
  #refill(): void {
    while (this.#pool.length + this.#refilling < POOL + this.#waiting.length) {
      this.#refilling += 1;
      void this.#add(this.#pool)
        .catch(() => undefined)
        .finally(() => {
          this.#refilling -= 1;
        });
      if (this.#refilling >= POOL) break;
    }
  }

  async #add(to: Kept[]): Promise<void> {
    const at = this.#observer();
    if (!at || this.#stop.signal.aborted) return;
    const local = this.#ports.next();
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(OBSERVE_TIMEOUT)]);
    const { seen, socket } = await observe(at, local, signal);
    const kept = { pair: { local, public: seen.port }, socket };
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const index = to.indexOf(kept);
      if (index >= 0) to.splice(index, 1);
    });
    const taker = to === this.#pool ? this.#waiting.shift() : undefined;
    if (taker) taker(kept);
    else to.push(kept);
  }
}

function use({ pair, socket }: Kept): PortPair {
  setTimeout(() => socket.resetAndDestroy(), GRACE).unref();
  return pair;
}
