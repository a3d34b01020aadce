import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import type { Party } from '../../network/relay/flow-limits.ts';
import type { Relay } from '../../network/relay/relay.ts';
import { Introduce, type Introduction, type RelayPlace } from '../../protocol/flows.ts';
import type { Attachment, NodeRecord } from '../nodes/node-record.ts';
import type { Relays } from './relays.ts';

/** How long a node may take to dial the relay, ms. */
export const REACH_TIMEOUT = 10_000;

/** Brings the ends of flows to the seed's relay, and keeps the relay's names of the nodes' connections. */
export class FlowEnds {
  readonly #relay: Relay;
  readonly #relays: Relays;
  readonly #parties = new WeakMap<Attachment, Party>();
  #lastParty = 0;

  constructor(relay: Relay, relays: Relays) {
    this.#relay = relay;
    this.#relays = relays;
  }

  /**
   * Returns the relay's name for a node's connection to the seed. When the node falls silent, its flows are
   * reset, as a frozen host does not reset them itself.
   */
  partyOf(attachment: Attachment): Party {
    const known = this.#parties.get(attachment);
    if (known !== undefined) return known;
    this.#lastParty += 1;
    const party = String(this.#lastParty);
    this.#parties.set(attachment, party);
    const reset = () => {
      this.#relay.reset(party);
      this.#relays.lost(party);
    };
    attachment.lost.addEventListener('abort', reset, { once: true });
    return party;
  }

  /**
   * Asks the acceptor to dial the relay. The caller owns the socket. Rejects with the errors of `introduce`.
   */
  dialIn(acceptor: NodeRecord, peer: Endpoint, port: number, signal: AbortSignal): Promise<Socket> {
    const ask = (place: RelayPlace) => this.introduce(acceptor, { port, ...place, peer }, signal);
    return this.fetch(acceptor.host, ask);
  }

  /**
   * Gets the relay connection of the node at `end`: `ask` requests that the node dials the relay. Rejects
   * with the errors of `ask`.
   */
  async fetch(end: Attachment | undefined, ask: (place: RelayPlace) => Promise<unknown>): Promise<Socket> {
    const place = this.placeFor(end);
    const cancel = new AbortController();
    const dialledIn = this.#relay.expect(place.token, { signal: cancel.signal, timeout: REACH_TIMEOUT });
    dialledIn.catch(() => undefined);
    try {
      await ask(place);
      return await dialledIn;
    } catch (error) {
      cancel.abort(error);
      // The node may have dialled in before the node or the seed gave up.
      dialledIn.then(
        (socket) => socket.resetAndDestroy(),
        () => undefined,
      );
      throw error;
    }
  }

  /**
   * Asks a node to fetch a connection at the relay. Rejects with ControlError, whose errno is that of the
   * peer's connect().
   */
  async introduce(node: NodeRecord, introduction: Introduction, signal: AbortSignal): Promise<void> {
    const session = node.host?.session;
    if (!session) throw new ControlError('EHOSTUNREACH', `node ${node.id} is not up`);
    try {
      await session.request(Introduce, introduction, { signal, timeout: REACH_TIMEOUT });
    } catch (error) {
      // The node has left meanwhile, so for the other side its host is unreachable.
      if (node.host?.session !== session) throw new ControlError('EHOSTUNREACH', `node ${node.id} has gone`);
      throw error;
    }
  }

  /** Returns a place at the relay for the node at `end`, with a new token. */
  placeFor(end: Attachment | undefined): RelayPlace {
    const token = randomBytes(16).toString('hex');
    return { relay: { address: end?.via ?? '', port: this.#relay.port }, token };
  }
}
