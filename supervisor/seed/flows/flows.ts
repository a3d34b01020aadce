import { randomBytes } from 'node:crypto';
import { connect as dialTcp, type Socket } from 'node:net';
import { ControlError, codeOf, describeFailure } from '../../control/control-error.ts';
import type { Endpoint } from '../../control/endpoint.ts';
import { waitFor } from '../../control/waiting.ts';
import { openFlow } from '../../network/relay/open-flow.ts';
import type { Relay } from '../../network/relay/relay.ts';
import { type ConnectRequest, Introduce } from '../../protocol/flows.ts';
import { isOutside } from '../nodes/address-pool.ts';
import { type Attachment, isVisible, type NodeRecord } from '../nodes/node-record.ts';
import type { NodeRegistry } from '../nodes/node-registry.ts';
import type { OverlayRange } from '../nodes/overlay-range.ts';
import { type FlowEnds, REACH_TIMEOUT } from './flow-ends.ts';
import type { Gateways } from './gateways.ts';
import type { Relays, RemoteRelay } from './relays.ts';

export interface FlowsOptions {
  readonly range: OverlayRange;
  readonly registry: NodeRegistry;
  readonly gateways: Gateways;
  /** The seed's own relay. It is used for hosts outside the overlay, and if no other relay can be used. */
  readonly relay: Relay;
  readonly relays: Relays;
  readonly ends: FlowEnds;
  /**
   * Whether nodes may reach the seed by its advertised address. Such nodes reach only the published ports of
   * the relay.
   */
  readonly hasOutside: boolean;
}

interface NodeToNode {
  readonly node: NodeRecord;
  readonly from: Attachment;
  /** The port that the guest has bound, if any. */
  readonly bound: number | undefined;
  readonly acceptor: NodeRecord;
  readonly port: number;
}

/** How long an initiator may take to connect once the far end is reached, ms. */
const INITIATOR_TIMEOUT = 10_000;
/** Maximum number of pending connects of one node. */
const MAX_CONNECTING = 512;

/** Whether all ends can reach the standalone relays, which are only on the networks of the seed. */
const isInside = (...ends: readonly Attachment[]) => ends.every(({ side }) => side === 'inside');

/** Brings the two ends of a connection together at a relay. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #connecting = new WeakMap<Attachment, number>();

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /**
   * Reaches the target for a node, and opens a port of the relay for its connection. Rejects with
   * ControlError, whose errno is that of connect(): ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, or EAGAIN and
   * ENOBUFS if there are too many.
   */
  async connect(
    node: NodeRecord,
    from: Attachment,
    request: ConnectRequest,
    signal: AbortSignal,
  ): Promise<Endpoint> {
    const underWay = this.#connecting.get(from) ?? 0;
    if (underWay >= MAX_CONNECTING)
      throw new ControlError('EAGAIN', `${underWay} connection attempts are in progress already`);
    this.#connecting.set(from, underWay + 1);
    try {
      return await this.#open(node, from, request, signal);
    } finally {
      this.#connecting.set(from, (this.#connecting.get(from) ?? 1) - 1);
    }
  }

  async #open(
    node: NodeRecord,
    from: Attachment,
    { from: bound, ...target }: ConnectRequest,
    signal: AbortSignal,
  ): Promise<Endpoint> {
    const { relay, relays, ends, hasOutside } = this.#options;
    const acceptor = this.#acceptorAt(node, target);
    const remote = acceptor?.host && isInside(from, acceptor.host) && relays.between(from, acceptor.host);
    if (acceptor && remote) {
      const at = await this.#openAt(remote, { node, from, bound, acceptor, port: target.port }, signal);
      if (at) return at;
    }
    const flow = await openFlow(relay, {
      from: from.observed.address,
      initiator: ends.partyOf(from),
      acceptor: acceptor?.host && ends.partyOf(acceptor.host),
      timeout: REACH_TIMEOUT + INITIATOR_TIMEOUT,
      // The few published ports are left to nodes that reach no other ports.
      anyPort: hasOutside && from.side === 'inside',
    });
    try {
      const peer = { address: node.address, port: bound ?? flow.port };
      flow.join(
        await (acceptor
          ? this.#reachNode(acceptor, peer, target.port, signal)
          : this.#reachOutside(node, target, signal)),
      );
      return { address: from.via, port: flow.port };
    } catch (error) {
      flow.abandon(error);
      throw error;
    }
  }

  /**
   * Opens the flow at `relay`. Resolves to undefined if that relay does not take the flow, or if the function
   * refuses the connection: the seed's own relay may carry it.
   */
  async #openAt(
    relay: RemoteRelay,
    { node, from, bound, acceptor, port }: NodeToNode,
    signal: AbortSignal,
  ): Promise<Endpoint | undefined> {
    if (!acceptor.host) return undefined;
    const token = randomBytes(16).toString('hex');
    let opened: number;
    try {
      opened = await relay.open({
        from: from.observed.address,
        initiator: this.#options.ends.partyOf(from),
        acceptor: this.#options.ends.partyOf(acceptor.host),
        token,
        timeout: REACH_TIMEOUT + INITIATOR_TIMEOUT,
      });
    } catch (error) {
      // The node has used up its share, which counts for every relay.
      if (codeOf(error) === 'EAGAIN') throw error;
      return undefined;
    }
    try {
      const peer = { address: node.address, port: bound ?? opened };
      await this.#options.ends.introduce(acceptor, { port, relay: relay.at, token, peer }, signal);
      return { address: relay.at.address, port: opened };
    } catch (error) {
      relay.abandon(token);
      if (codeOf(error) === 'ECONNREFUSED' && acceptor.phantom) return undefined;
      throw error;
    }
  }

  /**
   * Reaches a node. A connection that a function refuses goes to its phantom, as it may be meant for a
   * program that shares the phantom's network. Rejects with the errors of `FlowEnds.dialIn`.
   */
  async #reachNode(acceptor: NodeRecord, peer: Endpoint, port: number, signal: AbortSignal): Promise<Socket> {
    const { ends } = this.#options;
    try {
      return await ends.dialIn(acceptor, peer, port, signal);
    } catch (error) {
      const { phantom } = acceptor;
      if (codeOf(error) !== 'ECONNREFUSED' || !phantom) throw error;
      const options = { signal, timeout: REACH_TIMEOUT };
      return ends.fetch(phantom, (place) =>
        phantom.session.request(Introduce, { port, ...place, peer }, options),
      );
    }
  }

  /**
   * Returns the node with this address; undefined if the address is one of a host outside the overlay.
   * @throws ControlError EHOSTUNREACH if no such node is up.
   */
  #acceptorAt(node: NodeRecord, target: Endpoint): NodeRecord | undefined {
    const { range, registry } = this.#options;
    if (isOutside(range, target.address)) return undefined;
    const acceptor = registry.at(target.address);
    if (!acceptor?.host || !isVisible(node, acceptor))
      throw new ControlError('EHOSTUNREACH', `no node with the address ${target.address} is up`);
    // Only the node itself knows whether its guest listens on the port at this moment.
    return acceptor;
  }

  async #reachOutside(node: NodeRecord, target: Endpoint, signal: AbortSignal): Promise<Socket> {
    const host = await this.#options.gateways.hostAt(target.address, node.networks, signal);
    if (host === undefined)
      throw new ControlError('EHOSTUNREACH', `${target.address} is not a host of the project`);
    return dial(host, target.port, signal);
  }
}

/**
 * Connects to a host and reads nothing; the caller owns the socket. Rejects with ControlError, whose errno is
 * that of connect().
 */
async function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = dialTcp({ host, port, allowHalfOpen: true, noDelay: true });
  socket.pause();
  const waiting = waitFor<void>(`${host}:${port}`, { signal, timeout: REACH_TIMEOUT }, () => undefined);
  socket.once('connect', waiting.resolve);
  socket.on('error', waiting.reject);
  try {
    await waiting.promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw codeOf(error) === ''
      ? error
      : new ControlError(describeFailure(error).errno, describeFailure(error).message);
  }
}
