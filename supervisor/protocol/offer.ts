/**
 * What happens to the ports of outgoing connections: there is no translation; the port is kept; it is another one, but the same
 * for every destination; it is another one for every destination.
 */
export type NatKind = 'none' | 'preserving' | 'mapped' | 'symmetric' | 'unknown';
export const NAT_KINDS = ['none', 'preserving', 'mapped', 'symmetric', 'unknown'] as const;

/** What becomes of a packet from outside that nobody asked for. */
export type Filtering = 'silent' | 'resetting' | 'unknown';
export const FILTERINGS = ['silent', 'resetting', 'unknown'] as const;

/** A port of this host and the port under which others see it. */
export interface PortPair {
  readonly local: number;
  readonly public: number;
}

/** How one side of a meeting can be reached. */
export interface Offer {
  readonly nat: NatKind;
  readonly filtering: Filtering;
  /** As the rest of the world sees the node; the seed puts in what it sees. */
  readonly publicAddress: string;
  /** As its own network does. Two nodes may share one: it says nothing beyond that network. */
  readonly privateAddress: string;
  /** For the control connection that the two try to make. */
  readonly port: PortPair;
  /** Where the called node listens for it on its own network; 0 where it does not. */
  readonly privatePort: number;
  /** From which the node will open its ends of its guests' incoming connections. */
  readonly doors: readonly PortPair[];
  /** Of the node that asks: the connection for which its guest waits. */
  readonly first?: FirstConnection | undefined;
  /** Of the node that is asked: the door from which it has opened its end of that connection. */
  readonly opened?: PortPair | undefined;
}

/** A guest's connection that is introduced together with its node. */
export interface FirstConnection {
  /** As `PunchIntroduction.id`. */
  readonly id: string;
  /** Of the guest that listens. */
  readonly port: number;
  /** The port of the guest that connects. */
  readonly from: PortPair;
}

/** Where a node that kept its port, or has no NAT, is seen. */
export function samePort(port: number): PortPair {
  return { local: port, public: port };
}
