import type { PortPair } from '../../protocol/offer.ts';
import { type AheadRequest, OpenAhead } from '../../protocol/punch.ts';
import type { Peer } from './peers.ts';

/** An end that the acceptor has opened, for whichever connection comes first. */
export interface AheadEnd {
  /** The guest's own port for it. */
  readonly from: PortPair;
  /** The other node's. */
  readonly door: PortPair;
}

export interface AheadOptions {
  /** This node in the overlay. */
  readonly address: () => string;
  /** Ports for one more end; undefined where there are none. */
  readonly pair: (peer: Peer) => Promise<AheadEnd | undefined>;
}

/** Connections that have been introduced before a guest wants them. */
export interface Ahead {
  /** An end to connect to at once, if there is one; sees to it that there are some for those who come after. */
  take(peer: Peer, port: number): AheadEnd | undefined;
  /** The first guest has come, and others may. */
  prepare(peer: Peer, port: number): void;
  /** Nobody listens there any more. */
  forget(peer: Peer, port: number): void;
}

const FIRST_ENDS = 8;
const MAX_ENDS = 64;
/** How long an end is used, ms; the acceptor keeps it for longer. */
const LIFE = 8000;
/** After a failure, ms. */
const REST = 10_000;
const MAX_PORTS = 64;
const ANSWER_TIMEOUT = 3000;

interface Pool {
  /** In the order of age. */
  readonly free: (AheadEnd & { readonly until: number })[];
  wanted: number;
  isFilling: boolean;
  restUntil: number;
}

/**
 * A pool for each port of each peer that guests connect to, filled while they do: it grows where it was empty, and is nothing a
 * few seconds after the last connection.
 */
export function createAhead({ address, pair }: AheadOptions): Ahead {
  const pools = new WeakMap<Peer, Map<number, Pool>>();

  function poolOf(peer: Peer, port: number): Pool | undefined {
    const ofPeer = pools.get(peer) ?? new Map<number, Pool>();
    pools.set(peer, ofPeer);
    const known = ofPeer.get(port);
    if (known || ofPeer.size >= MAX_PORTS) return known;
    const pool = { free: [], wanted: FIRST_ENDS, isFilling: false, restUntil: 0 };
    ofPeer.set(port, pool);
    return pool;
  }

  async function fill(peer: Peer, port: number, pool: Pool): Promise<void> {
    pool.isFilling = true;
    try {
      const ends: AheadEnd[] = [];
      while (ends.length + pool.free.length < pool.wanted) {
        const end = await pair(peer);
        if (!end) break;
        ends.push(end);
      }
      const until = Date.now() + LIFE;
      const request: AheadRequest = {
        port,
        from: peer.ownAddress,
        peer: address(),
        ends: ends.map(({ from, door }) => ({ at: door.local, port: from.public })),
      };
      const { opened } = await peer.session.request(OpenAhead, request, { timeout: ANSWER_TIMEOUT });
      if (opened < ends.length) pool.restUntil = Date.now() + REST;
      // Nobody may have listened meanwhile, and the pool have been given up.
      if (pools.get(peer)?.get(port) === pool)
        pool.free.push(...ends.slice(0, opened).map((end) => ({ ...end, until })));
    } catch {
      // Another version, or a busy one: each connection is introduced, as before.
      pool.restUntil = Date.now() + REST;
    } finally {
      pool.isFilling = false;
    }
  }

  return {
    prepare(peer, port) {
      const pool = poolOf(peer, port);
      if (pool && !pool.isFilling && pool.free.length === 0) void fill(peer, port, pool);
    },
    take(peer, port) {
      const pool = poolOf(peer, port);
      if (!pool) return undefined;
      const now = Date.now();
      while (pool.free[0] && pool.free[0].until <= now) pool.free.shift();
      const end = pool.free.shift();
      if (!pool.isFilling && now >= pool.restUntil && pool.free.length <= pool.wanted / 2) {
        if (!end) pool.wanted = Math.min(MAX_ENDS, 2 * pool.wanted);
        void fill(peer, port, pool);
      }
      return end;
    },
    forget: (peer, port) => void pools.get(peer)?.delete(port),
  };
}
