import type { Overlay } from '../../membership/join.ts';
import type { PortPair } from '../../protocol/offer.ts';
import { type AheadRequest, OpenAhead } from '../../protocol/punch.ts';
import type { OwnPorts } from './own-ports.ts';
import type { Peer } from './peer.ts';

/** An end that the acceptor has opened for the next connection to its port. */
export interface AheadEnd {
  /** The guest's port for the connection. */
  readonly from: PortPair;
  /** The other node's port for the connection. */
  readonly inboundPort: PortPair;
}

const FIRST_ENDS = 8;
const MAX_ENDS = 64;
/** How long an end may be used, ms. The acceptor keeps the end longer. */
const LIFE = 8000;
/** The pause after a failure to fill a pool, ms. */
const REST = 10_000;
const MAX_PORTS = 64;
const ANSWER_TIMEOUT = 3000;

interface Pool {
  /** The ends that are ready, oldest first. */
  readonly free: (AheadEnd & { readonly until: number })[];
  wanted: number;
  isFilling: boolean;
  restUntil: number;
}

/**
 * Connections that have been introduced before a guest asks for them: a pool for each port of each peer to
 * which guests connect. A pool is filled while guests connect, and doubles when it was empty. Unused ends
 * expire after some seconds.
 */
export class AheadPools {
  readonly #overlay: Overlay;
  readonly #ports: OwnPorts;
  readonly #pools = new WeakMap<Peer, Map<number, Pool>>();

  constructor(overlay: Overlay, ports: OwnPorts) {
    this.#overlay = overlay;
    this.#ports = ports;
  }

  /**
   * Returns an end to which a guest can connect at once, if there is one. Fills the pool for later guests.
   */
  take(peer: Peer, port: number): AheadEnd | undefined {
    const pool = this.#poolOf(peer, port);
    if (!pool) return undefined;
    const now = Date.now();
    while (pool.free[0] && pool.free[0].until <= now) pool.free.shift();
    const end = pool.free.shift();
    if (!pool.isFilling && now >= pool.restUntil && pool.free.length <= pool.wanted / 2) {
      if (!end) pool.wanted = Math.min(MAX_ENDS, 2 * pool.wanted);
      void this.#fill(peer, port, pool);
    }
    return end;
  }

  /** Fills the pool when the first guest has connected, as others may follow. */
  prepare(peer: Peer, port: number): void {
    const pool = this.#poolOf(peer, port);
    if (pool && !pool.isFilling && pool.free.length === 0) void this.#fill(peer, port, pool);
  }

  /** Drops the pool of `port`, as nobody listens there any more. */
  forget(peer: Peer, port: number): void {
    this.#pools.get(peer)?.delete(port);
  }

  #poolOf(peer: Peer, port: number): Pool | undefined {
    const ofPeer = this.#pools.get(peer) ?? new Map<number, Pool>();
    this.#pools.set(peer, ofPeer);
    const known = ofPeer.get(port);
    if (known || ofPeer.size >= MAX_PORTS) return known;
    const pool = { free: [], wanted: FIRST_ENDS, isFilling: false, restUntil: 0 };
    ofPeer.set(port, pool);
    return pool;
  }

  async #fill(peer: Peer, port: number, pool: Pool): Promise<void> {
    pool.isFilling = true;
    try {
      const ends = await this.#reserve(peer, pool.wanted - pool.free.length);
      const until = Date.now() + LIFE;
      const opened = await this.#request(peer, port, ends);
      if (opened < ends.length) pool.restUntil = Date.now() + REST;
      // The pool may have been dropped meanwhile, because nobody listens any more.
      if (this.#pools.get(peer)?.get(port) === pool)
        pool.free.push(...ends.slice(0, opened).map((end) => ({ ...end, until })));
    } catch {
      // The peer has another version or is busy. Then each connection is introduced on its own.
      pool.restUntil = Date.now() + REST;
    } finally {
      pool.isFilling = false;
    }
  }

  /** Takes ports for at most `count` ends. */
  async #reserve(peer: Peer, count: number): Promise<AheadEnd[]> {
    const ends: AheadEnd[] = [];
    while (ends.length < count) {
      const from = await this.#ports.take();
      const inboundPort = peer.nextInboundPort();
      if (!from || !inboundPort) break;
      ends.push({ from, inboundPort });
    }
    return ends;
  }

  /**
   * Asks the peer to open its side of the ends. Resolves to the number of ends that the peer has opened, from
   * the first on.
   */
  async #request(peer: Peer, port: number, ends: readonly AheadEnd[]): Promise<number> {
    const request: AheadRequest = {
      port,
      from: peer.ownAddress,
      peer: this.#overlay.address,
      ends: ends.map(({ from, inboundPort }) => ({ at: inboundPort.local, port: from.public })),
    };
    const { opened } = await peer.session.request(OpenAhead, request, { timeout: ANSWER_TIMEOUT });
    return opened;
  }
}
