import { randomBytes } from 'node:crypto';
import { connect as dialTcp, type Socket } from 'node:net';
import { ControlError, codeOf, describeFailure } from '../control/control-error.ts';
import type { Endpoint } from '../control/endpoint.ts';
import { MessageType } from '../control/message-type.ts';
import { waitFor } from '../control/waiting.ts';
import type { Party } from '../network/relay/flow-limits.ts';
import { openFlow } from '../network/relay/open-flow.ts';
import type { Relay } from '../network/relay/relay.ts';
import { isOutside } from './address-pool.ts';
import type { Gateways } from './gateways.ts';
import type { ForwardRequest, Introduction } from './messages.ts';
import { type Attachment, isVisible, type NodeRecord } from './node-record.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { OverlayRange } from './overlay-range.ts';
import type { Relays, RemoteRelay } from './relays.ts';

export interface FlowsOptions {
  readonly range: OverlayRange;
  readonly registry: NodeRegistry;
  readonly gateways: Gateways;
  /** The seed's own: for hosts outside the overlay, and where no other relay is to be had. */
  readonly relay: Relay;
  readonly relays: Relays;
}

interface NodeToNode {
  readonly node: NodeRecord;
  readonly from: Attachment;
  readonly acceptor: NodeRecord;
  readonly port: number;
}

/** Bounds of each step of a connect, ms. */
const REACH_TIMEOUT = 10_000;
const INITIATOR_TIMEOUT = 10_000;
/** Connects of one node that are under way at the same time. */
const MAX_CONNECTING = 512;

/** Brings two ends of a connection together at the relay. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #connecting = new WeakMap<Attachment, number>();
  readonly #parties = new WeakMap<Attachment, Party>();
  #lastParty = 0;

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /**
   * Reaches `target` for a node and opens a port of the relay for its connection. Rejects with ControlError, the errno being what
   * connect() shall say: ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, or EAGAIN and ENOBUFS where there are too many.
   */
  async connect(
    node: NodeRecord,
    from: Attachment,
    target: Endpoint,
    signal: AbortSignal,
  ): Promise<Endpoint> {
    const underWay = this.#connecting.get(from) ?? 0;
    if (underWay >= MAX_CONNECTING)
      throw new ControlError('EAGAIN', `${underWay} connects are under way already`);
    this.#connecting.set(from, underWay + 1);
    try {
      return await this.#open(node, from, target, signal);
    } finally {
      this.#connecting.set(from, (this.#connecting.get(from) ?? 1) - 1);
    }
  }

  /**
   * Introduces a phantom's node to a connection that the phantom holds. Answers with the overlay address that its origin was
   * given, so that the phantom can introduce the next one itself. Errors as `connect`.
   */
  async forward(node: NodeRecord, request: ForwardRequest, signal: AbortSignal): Promise<{ origin: string }> {
    const { port, relay, token, origin } = request;
    const address = await this.#options.gateways.addressFor(origin.address, node.networks);
    await this.#introduce(node, { port, relay, token, peer: { address, port: origin.port } }, signal);
    return { origin: address };
  }

  async #open(node: NodeRecord, from: Attachment, target: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    const { relay, relays } = this.#options;
    const acceptor = this.#acceptorAt(node, target);
    const remote = acceptor?.host && relays.between(from, acceptor.host);
    if (acceptor && remote) {
      const at = await this.#openAt(remote, { node, from, acceptor, port: target.port }, signal);
      if (at) return at;
    }
    const flow = await openFlow(relay, {
      from: from.observed.address,
      initiator: this.#partyOf(from),
      acceptor: acceptor?.host && this.#partyOf(acceptor.host),
      timeout: REACH_TIMEOUT + INITIATOR_TIMEOUT,
    });
    try {
      const peer = { address: node.address, port: flow.port };
      flow.join(
        await (acceptor
          ? this.#reach(acceptor, peer, target.port, signal)
          : this.#reachOutside(node, target, signal)),
      );
      return { address: from.via, port: flow.port };
    } catch (error) {
      flow.abandon(error);
      throw error;
    }
  }

  /** Undefined where the relay does not take the flow; another one may. */
  async #openAt(
    relay: RemoteRelay,
    { node, from, acceptor, port }: NodeToNode,
    signal: AbortSignal,
  ): Promise<Endpoint | undefined> {
    if (!acceptor.host) return undefined;
    const token = randomBytes(16).toString('hex');
    let opened: number;
    try {
      opened = await relay.open({
        from: from.observed.address,
        initiator: this.#partyOf(from),
        acceptor: this.#partyOf(acceptor.host),
        token,
        timeout: REACH_TIMEOUT + INITIATOR_TIMEOUT,
      });
    } catch (error) {
      // The node's own share is used up: it has no other one elsewhere.
      if (codeOf(error) === 'EAGAIN') throw error;
      return undefined;
    }
    try {
      const peer = { address: node.address, port: opened };
      await this.#introduce(acceptor, { port, relay: relay.at, token, peer }, signal);
      return { address: relay.at.address, port: opened };
    } catch (error) {
      relay.abandon(token);
      throw error;
    }
  }

  /** The node that `target` is an address of; undefined for one outside the overlay. */
  #acceptorAt(node: NodeRecord, target: Endpoint): NodeRecord | undefined {
    const { range, registry } = this.#options;
    if (isOutside(range, target.address)) return undefined;
    const acceptor = registry.at(target.address);
    if (!acceptor?.host || !isVisible(node, acceptor))
      throw new ControlError('EHOSTUNREACH', `${target.address} is no node that is up`);
    // Whether it listens there, only it knows at this moment.
    return acceptor;
  }

  async #reachOutside(node: NodeRecord, target: Endpoint, signal: AbortSignal): Promise<Socket> {
    const host = await this.#options.gateways.hostAt(target.address, node.networks, signal);
    if (host === undefined)
      throw new ControlError('EHOSTUNREACH', `${target.address} is no host of the project`);
    return dial(host, target.port, signal);
  }

  /** Has the acceptor dial in. */
  async #reach(acceptor: NodeRecord, peer: Endpoint, port: number, signal: AbortSignal): Promise<Socket> {
    const { relay } = this.#options;
    const token = randomBytes(16).toString('hex');
    const cancel = new AbortController();
    const dialledIn = relay.expect(token, { signal: cancel.signal, timeout: REACH_TIMEOUT });
    dialledIn.catch(() => undefined);
    try {
      const at = { address: acceptor.host?.via ?? '', port: relay.port };
      await this.#introduce(acceptor, { port, relay: at, token, peer }, signal);
      return await dialledIn;
    } catch (error) {
      cancel.abort(error);
      // It may have dialled in before it, or we, gave up.
      dialledIn.then(
        (socket) => socket.resetAndDestroy(),
        () => undefined,
      );
      throw error;
    }
  }

  /** A connection of a node to the seed; when it falls silent, its flows are reset: a frozen host does not do it. */
  #partyOf(attachment: Attachment): Party {
    const known = this.#parties.get(attachment);
    if (known !== undefined) return known;
    this.#lastParty += 1;
    const party = String(this.#lastParty);
    this.#parties.set(attachment, party);
    const reset = () => {
      this.#options.relay.reset(party);
      this.#options.relays.lost(party);
    };
    attachment.lost.addEventListener('abort', reset, { once: true });
    return party;
  }

  async #introduce(node: NodeRecord, introduction: Introduction, signal: AbortSignal): Promise<void> {
    const session = node.host?.session;
    if (!session) throw new ControlError('EHOSTUNREACH', `node ${node.id} is not up`);
    try {
      await session.request(MessageType.introduce, introduction, { signal, timeout: REACH_TIMEOUT });
    } catch (error) {
      // The node went away over it: for the other side there is no host any more.
      if (node.host?.session !== session) throw new ControlError('EHOSTUNREACH', `node ${node.id} has gone`);
      throw error;
    }
  }
}

/** Rejects with ControlError, the errno of the connect. The caller owns the socket, of which nothing is read. */
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
