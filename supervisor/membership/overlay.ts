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
  /** The port that the guest has bound, which the other end shall see. */
  readonly from?: number | undefined;
}

/** What a node knows of the overlay, without asking anybody. */
export interface OverlayView {
  readonly nodeId: number;
  /** This node's address in the overlay. */
  readonly address: string;
  /** CIDR */
  readonly overlay: string;
  /** Where the seed sees this node. */
  readonly observed: Endpoint;
  /** This node's end of its connection to the seed. */
  readonly local: Endpoint;
  /** The seed as this node reaches it. */
  readonly seed: Endpoint;
  /** Whether there is a connection to the seed; false while the seed is away. */
  readonly isLinked: boolean;
  /** Ports of the seed that tell this node how it is seen. */
  readonly observers: readonly number[];
  /** By node id, this node among them; kept while the seed is away. */
  members(): ReadonlyMap<number, Member>;
  /** Names of hosts outside the overlay that `resolve` knows. */
  gateways(): readonly string[];
  /** `listener` runs after each change of members or gateways; returns what ends that. */
  onChange(listener: () => void): () => void;
}

/** What the host of a guest asks of the seed. */
export interface HostRequests {
  /** The full set of TCP ports that the guest listens on. A seed that is away is told when it is back. */
  setListening(ports: readonly number[]): Promise<void>;
  /** What is between this node and others; told to every seed that this node comes to. */
  tellNat(nat: NatKind): Promise<void>;
  /** Asks the node at overlay address `to` to make a connection together. Errors as `Meetings.meet`. */
  meet(to: string, offer: Offer, signal: AbortSignal): Promise<Counterpart>;
  /**
   * An introduction whose own way is broken; resolves to the port where the other node listens, 0 where it
   * does not.
   */
  punch(introduction: PunchIntroduction): Promise<number>;
  /** Overlay addresses of a host outside the overlay; ENOENT for an unknown name. */
  resolve(name: string): Promise<readonly string[]>;
  /** Names of an overlay address; ENOENT where there are none. */
  reverse(address: string): Promise<readonly string[]>;
  /**
   * Where to connect to instead, once the far end has taken the connection; the errno is for the guest's
   * connect().
   */
  connect(address: string, port: number, options?: ConnectOptions): Promise<Endpoint>;
}

/** What a phantom asks of the seed for its function. */
export interface PhantomRequests {
  /**
   * Credentials for the function, good once; earlier ones that were not used yet are no longer good. `way`:
   * told to every seed that this phantom comes to, where functions may be outside; a function that takes it
   * is brought to `introduce`.
   */
  launch(way?: Way): Promise<Launched>;
  /** See `Duty`; resolves when others are about to be told. What a later join says counts too. */
  setDuty(duty: Duty): Promise<void>;
  /** Has the function dial in for a connection that the phantom holds. */
  forward(request: ForwardRequest): Promise<Forwarded>;
}

/**
 * This node's place in the overlay. Requests reject with ControlError; while the seed is away they wait for
 * it for some seconds (ETIMEDOUT). What describes a connection (`nodeId`, `address`, `observed`, `local`,
 * `seed`) describes the present one.
 */
export interface Overlay extends OverlayView, HostRequests, PhantomRequests {
  /** Tells the seed and ends. Never rejects. */
  leave(): Promise<void>;
  /** Why it ended; resolves after `leave()`, an abort, or a seed that no longer knows this node. */
  readonly closed: Promise<string>;
}

/** The seed bounds its own steps: to reach the far end takes it 10 s at most. */
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

  async punch(introduction: PunchIntroduction): Promise<number> {
    const { port = 0 } = await this.#uplink.request(Punch, introduction, { timeout: MEET_TIMEOUT });
    return port;
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
