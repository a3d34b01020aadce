import type { Endpoint } from '../control/endpoint.ts';

/** Bodies of `docs/control-network.md`. */

/** Network -> names there. */
export type NamesByNetwork = Readonly<Record<string, readonly string[]>>;

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
}

/** `local`: the control connection's end at the node; `via`: its other end as the node sees it, which is how the node reaches the seed. */
export interface JoinBody extends JoinRequest {
  readonly local: Endpoint;
  readonly via: string;
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

export interface Hello {
  readonly project: string;
  /** CIDR */
  readonly overlay: string;
  readonly capabilities: readonly string[];
}

/** A node as another one sees it. */
export interface Member {
  readonly id: number;
  /** overlay address */
  readonly address: string;
  /** On the networks that both share, and `node-<id>`. */
  readonly names: readonly string[];
  readonly ports: readonly number[];
  /** The address that the seed observed, '' while the node is starting. */
  readonly underlay: string;
  /** No NAT between the node and the seed. */
  readonly direct: boolean;
  readonly state: 'starting' | 'up';
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
}

/** A peer wants to reach this node's `port`: dial `relay`, show `token` (32 hex digits). */
export interface Introduction {
  readonly port: number;
  readonly relay: Endpoint;
  readonly token: string;
  readonly peer: Endpoint;
}

/** A phantom asks to have its own node introduced to a connection that came from outside the overlay. */
export interface ForwardRequest {
  readonly port: number;
  readonly relay: Endpoint;
  readonly token: string;
  readonly origin: Endpoint;
}

export interface Launch extends Credentials {
  readonly nodeId: number;
  /** ms since the epoch */
  readonly expires: number;
}

export const MAX_NODE_ID = 65_535;
