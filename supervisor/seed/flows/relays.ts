import { ControlError, codeOf } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import type { Session } from '../../control/session.ts';
import {
  type FlowRequest,
  MAX_RELAYS,
  RelayAbandon,
  type RelayDistance,
  RelayJoin,
  RelayList,
  RelayOpen,
  RelayReset,
} from '../../protocol/relay.ts';
import type { Attachment } from '../nodes/node-record.ts';

/** A node's round trips to relays: maps the relay's id to ms. */
export type Distances = ReadonlyMap<number, number>;

/** A standalone relay. */
export interface RemoteRelay {
  readonly id: number;
  /** The relay's dial-in port for acceptors. The ports for initiators have the same address. */
  readonly at: Endpoint;
  /**
   * Asks the relay to take a flow; resolves to the port for the initiator. Rejects with ControlError,
   * ECONNRESET if the relay has left.
   */
  open(request: FlowRequest): Promise<number>;
  /** Tells the relay that the far end of a flow cannot be reached. */
  abandon(token: string): void;
}

/** Relays whose distances differ by less than this, in ms, count as equally near and take turns. */
const NEAR = 1;
/** How long a relay may take to open a port, ms. */
const OPEN_TIMEOUT = 2000;

interface Known extends RemoteRelay {
  readonly session: Session;
}

/**
 * Returns the relays with the smallest sum of both distances. An unmeasured relay counts only if all are
 * unmeasured.
 */
export function nearest<T extends { readonly id: number }>(
  relays: readonly T[],
  first: Distances | undefined,
  second: Distances | undefined,
): T[] {
  const far = Number.POSITIVE_INFINITY;
  const ways = relays.map((relay) => (first?.get(relay.id) ?? far) + (second?.get(relay.id) ?? far));
  const shortest = Math.min(...ways);
  return relays.filter((_, index) => {
    const way = ways[index] ?? far;
    return way === shortest || way < shortest + NEAR;
  });
}

/** The relays that have joined, and the nodes' distances to them. */
export class Relays {
  readonly #log: (line: string) => void;
  readonly #known = new Map<number, Known>();
  readonly #listeners = new Set<Session>();
  readonly #distances = new WeakMap<Attachment, Distances>();
  #lastId = 0;
  #turn = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Serves a connection with a relay's identity. Calls `joined` when the relay has joined. */
  serve(session: Session, joined: () => void): void {
    let relay: Known | undefined;
    session.handle(RelayJoin, ({ port, advertise = session.remote.address }) => {
      if (relay) throw new ControlError('EPROTO', 'this session has joined already');
      if (this.#known.size >= MAX_RELAYS) throw new ControlError('ENOSPC', `${MAX_RELAYS} relays at most`);
      relay = this.#add(session, { address: advertise, port });
      joined();
      return { id: relay.id };
    });
    void session.closed.then((reason) => {
      if (!relay) return;
      this.#known.delete(relay.id);
      this.#log(`relay ${relay.id} left: ${reason}`);
      this.#announce();
    });
  }

  /** Sends a node the list of relays, now and whenever it changes, until its session ends. */
  announceTo(session: Session): void {
    this.#listeners.add(session);
    void session.closed.then(() => this.#listeners.delete(session));
    if (this.#known.size > 0) this.#tell(session);
  }

  /** Records the distances that a node has measured. */
  distances(attachment: Attachment, distances: readonly RelayDistance[]): void {
    this.#distances.set(attachment, new Map(distances.map(({ id, ms }) => [id, ms])));
  }

  /**
   * Returns the relay with the shortest way between two nodes; equally near relays take turns. Undefined if
   * no relay has joined.
   */
  between(a: Attachment, b: Attachment): RemoteRelay | undefined {
    const near = nearest([...this.#known.values()], this.#distances.get(a), this.#distances.get(b));
    this.#turn += 1;
    return near[this.#turn % near.length];
  }

  /** Asks all relays to reset the flows of a node that has fallen silent. */
  lost(party: string): void {
    for (const { session } of this.#known.values()) session.notify(RelayReset, { party });
  }

  #add(session: Session, at: Endpoint): Known {
    this.#lastId += 1;
    const id = this.#lastId;
    const relay: Known = {
      id,
      at,
      session,
      open: async (request) => {
        try {
          return (await session.request(RelayOpen, request, { timeout: OPEN_TIMEOUT })).port;
        } catch (error) {
          // The relay may have opened the port nevertheless.
          if (codeOf(error) === 'ETIMEDOUT') session.notify(RelayAbandon, { token: request.token });
          throw error;
        }
      },
      abandon: (token) => void session.notify(RelayAbandon, { token }),
    };
    this.#known.set(id, relay);
    this.#log(`relay ${id} joined: ${at.address}:${at.port}`);
    this.#announce();
    return relay;
  }

  #announce(): void {
    for (const session of this.#listeners) this.#tell(session);
  }

  #tell(session: Session): void {
    session.notify(RelayList, {
      relays: [...this.#known.values()].map(({ id, at }) => ({ id, at })),
    });
  }
}
