import type { Endpoint } from '../control/endpoint.ts';
import type { VersionRange } from '../control/protocol-version.ts';
import type { Filtering, NatKind, Offer } from '../network/punch/offer.ts';

export type { Offer };

/** Bodies of `docs/control-network.md`. */

/** Network -> names there. */
export type NamesByNetwork = Readonly<Record<string, readonly string[]>>;

/**
 * A phantom may have several functions for a while: `standby` until it may be found by its names, `active`, `draining` when
 * another has taken over. By its address and as `node-<id>` it is reached in any case.
 */
export type Duty = 'standby' | 'active' | 'draining';

/** What a node says of itself. */
export interface JoinRequest {
  readonly role: 'container' | 'function' | 'phantom';
  readonly service: string;
  readonly networks: NamesByNetwork;
  readonly hostname: string;
  /** Docker's id of the container, '' where there is none. */
  readonly container: string;
  /** Of Lambda, functions only. */
  readonly requestId?: string | undefined;
  readonly functionName?: string | undefined;
  /** Of a phantom's node; active unless told otherwise. */
  readonly duty?: Duty | undefined;
}

/** `local`: the control connection's end at the node; `via`: its other end as the node sees it, which is how the node reaches the seed. */
export interface JoinBody extends JoinRequest {
  readonly local: Endpoint;
  readonly via: string;
  /** Random, the same in every attempt of one process to join: whoever has not heard the answer may ask again. */
  readonly claim?: string | undefined;
}

/** `key` in hex. */
export interface Credentials {
  readonly identity: string;
  readonly key: string;
}

export interface Joined {
  readonly nodeId: number;
  readonly address: string;
  readonly observed: Endpoint;
  readonly resume: Credentials;
}

export interface HelloRequest extends VersionRange {
  readonly capabilities: readonly string[];
}

export interface Hello {
  readonly project: string;
  /** CIDR */
  readonly overlay: string;
  readonly capabilities: readonly string[];
  /** Ports of the seed that tell whoever connects from where he is seen; [] where there are none. */
  readonly observers: readonly number[];
}

/** A node as another one sees it. */
export interface Member {
  readonly id: number;
  /** overlay address */
  readonly address: string;
  /** On the networks that both share, and `node-<id>`, which is all while another node stands in for this one. */
  readonly names: readonly string[];
  readonly ports: readonly number[];
  /** The address that the seed observed, '' while the node is starting. */
  readonly underlay: string;
  /** No NAT between the node and the seed. */
  readonly direct: boolean;
  /** It is on the other side of the seed: no address of it leads there from here. */
  readonly apart?: boolean | undefined;
  /** `starting`: it cannot be reached yet. */
  readonly state: 'starting' | 'standby' | 'up' | 'draining';
  /** What is between the node and the seed. */
  readonly nat: NatKind;
  readonly filtering: Filtering;
}

/** A guest's connect(); `from`: the port that it has bound, which the other end shall see. */
export interface ConnectRequest {
  readonly target: Endpoint;
  readonly from?: number | undefined;
}

/** A node wants a control connection with `to` (overlay address), made by both at the same time. */
export interface MeetRequest {
  readonly to: string;
  readonly offer: Offer;
}

/** The other side of a meeting; identity and key (hex) are those of the connection between the two. */
export interface Counterpart extends Credentials {
  readonly nodeId: number;
  /** overlay address */
  readonly address: string;
  readonly offer: Offer;
}

/** A guest's connection that both nodes open at the same time; `to` where the seed passes it on. */
export interface PunchIntroduction {
  /** The same for repetitions; 16 to 32 hex digits. */
  readonly id: string;
  readonly to?: string | undefined;
  /** The guest's port at the acceptor. */
  readonly port: number;
  /** The acceptor's own local port for this connection; 0 for a port where it listens for it and which it tells. */
  readonly at: number;
  /** Where the initiator's packets come from. */
  readonly from: Endpoint;
  /** The initiator in the overlay. */
  readonly peer: Endpoint;
  /** The initiator does not wait for the answer: a refusal has to come over the connection itself. */
  readonly underWay: boolean;
}

/** Ends that the acceptor shall open for connections that guests of the initiator are going to make. */
export interface AheadRequest {
  /** The guest's port at the acceptor. */
  readonly port: number;
  /** The address that the initiator's packets come from. */
  readonly from: string;
  /** The initiator in the overlay. */
  readonly peer: string;
  /** `at`: the acceptor's own local port; `port`: the initiator's, as the acceptor sees it. */
  readonly ends: readonly { readonly at: number; readonly port: number }[];
}

export interface MembershipUpdate {
  readonly epoch: number;
  /** Everything there is; otherwise what changed. */
  readonly snapshot: boolean;
  readonly nodes: readonly Member[];
  readonly removed: readonly number[];
  /** With snapshots: which run of the seed speaks. */
  readonly seed?: string | undefined;
  readonly gateways?: readonly string[] | undefined;
  /** What belongs to this follows in the next message. */
  readonly more?: boolean | undefined;
}

/** A peer wants to reach this node's `port`: dial `relay`, show `token` (32 hex digits). */
export interface Introduction {
  readonly port: number;
  readonly relay: Endpoint;
  readonly token: string;
  readonly peer: Endpoint;
}

/** A place at a relay for one end of a connection: dial `relay`, show `token` (32 hex digits). */
export interface RelayPlace {
  readonly relay: Endpoint;
  readonly token: string;
}

/**
 * A phantom asks to have its own node introduced to a connection that came from outside the overlay. The node dials the phantom's relay
 * at `place`; without one, the seed's, and the phantom does, too.
 */
export interface ForwardRequest {
  readonly port: number;
  readonly place?: RelayPlace | undefined;
  readonly origin: Endpoint;
}

export interface Forwarded {
  /** overlay address of the origin */
  readonly origin: string;
  /** Where the phantom fetches its end, where the request named no place. */
  readonly place?: RelayPlace | undefined;
}

export interface Launch extends Credentials {
  readonly nodeId: number;
  /** ms since the epoch */
  readonly expires: number;
  /** For a function that is on none of the seed's networks. */
  readonly outside?: LaunchOutside | undefined;
}

/** How such a function reaches the seed, by name or address, and its phantom: by the seed's relay at the same host. */
export interface LaunchOutside {
  readonly seed: Endpoint;
  /** Port of the relay. */
  readonly relay: number;
}

/** A phantom's own port for its function, and what leads there from the seed's relay: 32 hex digits. */
export interface Way {
  readonly port: number;
  readonly token: string;
}

export const MAX_NODE_ID = 65_535;
