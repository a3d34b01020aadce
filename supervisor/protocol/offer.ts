import { type Fields, fieldsOf, integerAt, invalid, ipv4At, listAt, portAt, textAt } from './fields.ts';

/**
 * What happens to the ports of outgoing connections: there is no translation; the port is kept; it is another
 * one, but the same for every destination; it is another one for every destination.
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

const MAX_DOORS = 64;
const ID = /^[0-9a-f]{16,32}$/;

/** A word of a later version is no error. */
export function natAt(fields: Fields): NatKind {
  return NAT_KINDS.find((kind) => kind === fields.nat) ?? 'unknown';
}

/** A word of a later version is no error. */
export function filteringAt(fields: Fields): Filtering {
  return FILTERINGS.find((kind) => kind === fields.filtering) ?? 'unknown';
}

/** Of a connection that is introduced: 16 to 32 hex digits. */
export function idAt(fields: Fields): string {
  const id = textAt(fields, 'id', 32);
  if (!ID.test(id)) throw invalid('id', '16 to 32 hex digits');
  return id;
}

function parsePortPair(body: unknown): PortPair {
  const fields = fieldsOf(body);
  return { local: portAt(fields, 'local'), public: portAt(fields, 'public') };
}

function parseFirst(body: unknown): FirstConnection {
  const fields = fieldsOf(body);
  return { id: idAt(fields), port: portAt(fields, 'port'), from: parsePortPair(fields.from) };
}

/** Throws ControlError EINVAL. */
export function parseOffer(body: unknown): Offer {
  const fields = fieldsOf(body);
  return {
    nat: natAt(fields),
    filtering: filteringAt(fields),
    publicAddress: ipv4At(fields, 'publicAddress'),
    privateAddress: ipv4At(fields, 'privateAddress'),
    port: parsePortPair(fields.port),
    privatePort: integerAt(fields, 'privatePort', 0, 65_535),
    doors: listAt(fields, 'doors', MAX_DOORS).map(parsePortPair),
    ...(fields.first === undefined ? {} : { first: parseFirst(fields.first) }),
    ...(fields.opened === undefined ? {} : { opened: parsePortPair(fields.opened) }),
  };
}
