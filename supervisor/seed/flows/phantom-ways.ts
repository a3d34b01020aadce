import type { Socket } from 'node:net';
import { ControlError } from '../../control/control-error.ts';
import { endpointsOf } from '../../control/endpoint.ts';
import type { Lease } from '../../network/relay/flow-limits.ts';
import type { Relay } from '../../network/relay/relay.ts';
import { Introduce, type RelayPlace } from '../../protocol/flows.ts';
import type { Forwarded, ForwardRequest, Way } from '../../protocol/phantom.ts';
import type { Attachment, NodeRecord } from '../nodes/node-record.ts';
import { type FlowEnds, REACH_TIMEOUT } from './flow-ends.ts';
import type { Gateways } from './gateways.ts';

interface PhantomWaysOptions {
  readonly gateways: Gateways;
  readonly relay: Relay;
  readonly ends: FlowEnds;
}

/**
 * Maximum number of functions that are connecting to one phantom at the same time: an event may be delivered
 * more than once.
 */
const MAX_CALLERS = 8;

/** Brings phantoms and their functions together. */
export class PhantomWays {
  readonly #options: PhantomWaysOptions;

  constructor(options: PhantomWaysOptions) {
    this.#options = options;
  }

  /**
   * Introduces a phantom's node to a connection that the phantom holds; `from` is the phantom's connection to
   * the seed. The reply has the overlay address of the origin, so that the phantom can introduce its next
   * connections itself. Rejects with the errors of `FlowEnds.introduce` and `Relay.admit`.
   */
  async forward(
    node: NodeRecord,
    from: Attachment,
    request: ForwardRequest,
    signal: AbortSignal,
  ): Promise<Forwarded> {
    const { gateways, relay, ends } = this.#options;
    const { port, place, origin } = request;
    const address = await gateways.addressFor(origin.address, node.networks);
    const peer = { address, port: origin.port };
    if (place) {
      await ends.introduce(node, { port, ...place, peer }, signal);
      return { origin: address };
    }
    if (!node.host) throw new ControlError('EHOSTUNREACH', `node ${node.id} is not up`);
    const lease = relay.admit(ends.partyOf(from), ends.partyOf(node.host));
    try {
      const far = await ends.dialIn(node, peer, port, signal);
      return { origin: address, place: this.#hold(from, lease, far) };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** The relay's dial-in port. */
  get port(): number {
    return this.#options.relay.port;
  }

  /**
   * Brings each connection that shows the token at the relay to the phantom's port, until `signal` aborts.
   */
  lead({ port, token }: Way, phantom: Attachment, signal: AbortSignal): void {
    let underWay = 0;
    const bring = async (socket: Socket) => {
      if (underWay >= MAX_CALLERS) return void socket.resetAndDestroy();
      underWay += 1;
      try {
        await this.#bringTo(phantom, port, socket, signal);
      } catch {
        socket.resetAndDestroy();
      } finally {
        underWay -= 1;
      }
    };
    this.#options.relay.serve(token, (socket) => void bring(socket), signal);
  }

  /** Asks the phantom to dial the relay for a connection of its function. */
  async #bringTo(phantom: Attachment, port: number, socket: Socket, signal: AbortSignal): Promise<void> {
    const { relay, ends } = this.#options;
    const peer = endpointsOf(socket).remote;
    const lease = relay.admit(ends.partyOf(phantom));
    const ask = (place: RelayPlace) =>
      phantom.session.request(Introduce, { port, ...place, peer }, { signal, timeout: REACH_TIMEOUT });
    try {
      relay.join(lease, socket, await ends.fetch(phantom, ask));
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** Holds the function's end of a connection until the phantom has fetched it at the relay. */
  #hold(phantom: Attachment, lease: Lease, far: Socket): RelayPlace {
    const { relay, ends } = this.#options;
    const place = ends.placeFor(phantom);
    relay.expect(place.token, { timeout: REACH_TIMEOUT }).then(
      (near) => relay.join(lease, near, far),
      () => {
        far.resetAndDestroy();
        lease.release();
      },
    );
    return place;
  }
}
