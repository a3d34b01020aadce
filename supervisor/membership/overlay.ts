import type { Endpoint } from '../control/endpoint.ts';
import type { Duty } from '../protocol/duty.ts';
import { Connect } from '../protocol/flows.ts';
import { Leave } from '../protocol/join.ts';
import { Facts, Listening, type Member, Resolve, Reverse } from '../protocol/membership.ts';
import type { NatKind, Offer } from '../protocol/offer.ts';
import {
  Forward,
  type Forwarded,
  type ForwardRequest,
  Launch,
  type Launched,
  LeadWay,
  SetDuty,
  type Way,
} from '../protocol/phantom.ts';
import { type Counterpart, Meet, Punch, type PunchIntroduction } from '../protocol/punch.ts';
import type { Uplink } from './uplink.ts';
import type { Membership } from './view.ts';

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
  /** The port that the guest has bound, and that the other end sees as the peer's port. */
  readonly from?: number | undefined;
}

/** The node's local view of the overlay; reading it sends no request. */
export interface OverlayView {
  readonly nodeId: number;
  /** This node's address in the overlay. */
  readonly address: string;
  /** The overlay's range in CIDR notation. */
  readonly overlay: string;
  /** The endpoint from which the seed sees this node. */
  readonly observed: Endpoint;
  /** This node's end of its connection to the seed. */
  readonly local: Endpoint;
  /** The endpoint at which this node reaches the seed. */
  readonly seed: Endpoint;
  /** Whether this node is connected to the seed; false while the seed is away. */
  readonly isLinked: boolean;
  /** Ports of the seed that tell this node the endpoint from which the seed sees it. */
  readonly observers: readonly number[];
  /** Returns the members by node id, this node included. They are kept while the seed is away. */
  members(): ReadonlyMap<number, Member>;
  /** Returns the names of hosts outside the overlay that `resolve` can look up. */
  gateways(): readonly string[];
  /**
   * Calls `listener` after each change of members or gateways. Returns a function that unsubscribes
   * `listener`.
   */
  onChange(listener: () => void): () => void;
}

/** Requests to the seed on behalf of a guest. */
export interface HostRequests {
  /**
   * Tells the seed all TCP ports on which the guest listens. A seed that is away gets the ports when it is
   * back.
   */
  setListening(ports: readonly number[]): Promise<void>;
  /** Tells the NAT of this node to every seed that this node joins. */
  tellNat(nat: NatKind): Promise<void>;
  /**
   * Asks the node at overlay address `to` to make a connection together. Rejects with the errors of
   * `Meetings.meet`.
   */
  meet(to: string, offer: Offer, signal: AbortSignal): Promise<Counterpart>;
  /**
   * Sends an introduction by the seed when the connection between the two nodes is broken. Resolves to the
   * port on which the other node listens, or 0 if it does not listen.
   */
  punch(introduction: PunchIntroduction): Promise<number | undefined>;
  /**
   * Resolves to the overlay addresses of a host outside the overlay. Rejects with ENOENT for an unknown name.
   */
  resolve(name: string): Promise<readonly string[]>;
  /** Resolves to the names of an overlay address. Rejects with ENOENT if the address has no name. */
  reverse(address: string): Promise<readonly string[]>;
  /**
   * Resolves, once the far end has taken the connection, to the relay endpoint to dial instead of `address`.
   * The `code` of an error is the errno of the guest's connect().
   */
  connect(address: string, port: number, options?: ConnectOptions): Promise<Endpoint>;
}

/** Requests of a phantom to the seed on behalf of its function. */
export interface PhantomRequests {
  /**
   * Resolves to credentials for the function, which can be used once; earlier unused credentials become
   * invalid. If functions may be outside, `way` is told to every seed that this phantom joins: a function
   * that shows its token is then brought to `introduce`.
   */
  launch(way?: Way): Promise<Launched>;
  /**
   * Sets the duty; resolves when the seed is about to tell the other nodes. The duty in a later join replaces
   * it.
   */
  setDuty(duty: Duty): Promise<void>;
  /** Asks the function to dial in for a connection that the phantom holds. */
  forward(request: ForwardRequest): Promise<Forwarded>;
}

/**
 * This node's place in the overlay. Requests reject with ControlError. While the seed is away, a request
 * waits for it for some seconds, then rejects with ETIMEDOUT. `nodeId`, `address`, `observed`, `local` and
 * `seed` describe the current connection to the seed.
 */
export interface Overlay extends OverlayView, HostRequests, PhantomRequests {
  /** Tells the seed that this node leaves, and ends the membership. Never rejects. */
  leave(): Promise<void>;
  /**
   * Resolves to the reason when the membership has ended: after `leave()`, an abort, or when the seed no
   * longer knows this node.
   */
  readonly closed: Promise<string>;
}

/** ms. It exceeds the seed's own limit of 10 s for reaching the far end. */
const CONNECT_TIMEOUT = 15_000;
const MEET_TIMEOUT = 3000;
const LEAVE_TIMEOUT = 1000;

/** An overlay that this node has joined by `uplink`. */
export class JoinedOverlay implements Overlay {
  readonly #uplink: Uplink;
  readonly #membership: Membership;

  constructor(uplink: Uplink, membership: Membership) {
    this.#uplink = uplink;
    this.#membership = membership;
  }

  get nodeId(): number {
    return this.#uplink.link.joined.nodeId;
  }

  get address(): string {
    return this.#uplink.link.joined.address;
  }

  get overlay(): string {
    return this.#uplink.link.hello.overlay;
  }

  get observed(): Endpoint {
    return this.#uplink.link.joined.observed;
  }

  get local(): Endpoint {
    return this.#uplink.link.local;
  }

  get seed(): Endpoint {
    return this.#uplink.link.session.remote;
  }

  get isLinked(): boolean {
    return !this.#uplink.link.session.ended;
  }

  get observers(): readonly number[] {
    return this.#uplink.link.hello.observers;
  }

  get closed(): Promise<string> {
    return this.#uplink.closed;
  }

  members(): ReadonlyMap<number, Member> {
    return this.#membership.members;
  }

  gateways(): readonly string[] {
    return this.#membership.gateways;
  }

  onChange(listener: () => void): () => void {
    return this.#membership.onChange(listener);
  }

  setListening(ports: readonly number[]): Promise<void> {
    return this.#uplink.tell(Listening, { ports: [...ports] });
  }

  tellNat(nat: NatKind): Promise<void> {
    return this.#uplink.tell(Facts, { nat });
  }

  meet(to: string, offer: Offer, signal: AbortSignal): Promise<Counterpart> {
    return this.#uplink.request(Meet, { to, offer }, { signal, timeout: MEET_TIMEOUT });
  }

  async punch(introduction: PunchIntroduction): Promise<number | undefined> {
    return (await this.#uplink.request(Punch, introduction, { timeout: MEET_TIMEOUT })).port;
  }

  async resolve(name: string): Promise<readonly string[]> {
    return (await this.#uplink.request(Resolve, { name })).addresses;
  }

  async reverse(address: string): Promise<readonly string[]> {
    return (await this.#uplink.request(Reverse, { address })).names;
  }

  async connect(address: string, port: number, { signal, from }: ConnectOptions = {}): Promise<Endpoint> {
    const options = { signal, timeout: CONNECT_TIMEOUT };
    return (await this.#uplink.request(Connect, { address, port, from }, options)).relay;
  }

  async launch(way?: Way): Promise<Launched> {
    const launched = await this.#uplink.request(Launch, {});
    if (way && launched.outside) await this.#uplink.tell(LeadWay, { port: way.port, token: way.token });
    return launched;
  }

  setDuty(duty: Duty): Promise<void> {
    return this.#uplink.request(SetDuty, { duty });
  }

  forward(request: ForwardRequest): Promise<Forwarded> {
    return this.#uplink.request(Forward, request, { timeout: CONNECT_TIMEOUT });
  }

  async leave(): Promise<void> {
    const { session } = this.#uplink.link;
    await session.request(Leave, {}, { timeout: LEAVE_TIMEOUT }).catch(() => undefined);
    await this.#uplink.close('left');
  }
}
