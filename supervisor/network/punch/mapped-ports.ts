import type { Socket } from 'node:net';
import type { Endpoint } from '../../control/endpoint.ts';
import type { PortPair } from '../../protocol/offer.ts';
import type { LocalPorts } from './local-ports.ts';
import { observe } from './observe.ts';
import type { PublicPorts } from './public-ports.ts';

/** Ports that wait for a connection, and such for incoming ones. Each is a connection to the seed that stays open. */
const POOL = 4;
const DOORS = 2;
const OBSERVE_TIMEOUT = 2000;
/** How long a connection waits for a port, ms, where all are used up. */
const PATIENCE = 200;
/** How long the NAT is kept from forgetting the port that a connection has just been given, ms. */
const GRACE = 20_000;

interface Kept {
  readonly pair: PortPair;
  readonly socket: Socket;
}

/**
 * For NATs that change the port but give the same one towards every destination: ports that an observer has seen, held open by the
 * connection to it, each used once and replaced at once.
 */
export function createMappedPorts(ports: LocalPorts, observer: () => Endpoint | undefined): PublicPorts {
  const stop = new AbortController();
  const pool: Kept[] = [];
  const doors: Kept[] = [];
  const all = new Set<Socket>();
  const waiting: ((kept: Kept | undefined) => void)[] = [];
  let refilling = 0;

  async function add(to: Kept[]): Promise<void> {
    const at = observer();
    if (!at || stop.signal.aborted) return;
    const local = ports.next();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(OBSERVE_TIMEOUT)]);
    const { seen, socket } = await observe(at, local, signal);
    const kept = { pair: { local, public: seen.port }, socket };
    all.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      const index = to.indexOf(kept);
      if (index >= 0) to.splice(index, 1);
    });
    const taker = to === pool ? waiting.shift() : undefined;
    if (taker) taker(kept);
    else to.push(kept);
  }

  /** A seed that is away is asked again by the next connection. */
  function refill(): void {
    while (pool.length + refilling < POOL + waiting.length) {
      refilling += 1;
      void add(pool)
        .catch(() => undefined)
        .finally(() => {
          refilling -= 1;
        });
      if (refilling >= POOL) break;
    }
  }

  function use({ pair, socket }: Kept): PortPair {
    setTimeout(() => socket.resetAndDestroy(), GRACE).unref();
    return pair;
  }

  for (let count = 0; count < DOORS; count += 1) void add(doors).catch(() => undefined);
  refill();

  return {
    async take() {
      const kept = pool.shift();
      if (kept) {
        refill();
        return use(kept);
      }
      const { promise, resolve } = Promise.withResolvers<Kept | undefined>();
      waiting.push(resolve);
      refill();
      const timer = setTimeout(() => {
        const index = waiting.indexOf(resolve);
        if (index >= 0) waiting.splice(index, 1);
        resolve(undefined);
      }, PATIENCE);
      const late = await promise;
      clearTimeout(timer);
      return late && use(late);
    },
    of: () => undefined,
    doors: () => doors.map(({ pair }) => pair),
    close() {
      stop.abort();
      for (const socket of all) socket.destroy();
    },
  };
}
