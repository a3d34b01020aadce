import { type Fields, fieldsOf, integerAt, invalid, ipv4At, listAt, portAt, textAt } from './fields.ts';

/**
 * How the NAT translates the source ports of outgoing connections. `none`: there is no NAT. `preserving`: it
 * keeps the port. `mapped`: it uses another port, the same for every destination. `symmetric`: it uses
 * another port for every destination.
 */
export type NatKind = 'none' | 'preserving' | 'mapped' | 'symmetric' | 'unknown';
export const NAT_KINDS = ['none', 'preserving', 'mapped', 'symmetric', 'unknown'] as const;

/** How the NAT treats an unsolicited packet from outside: it drops the packet or answers with a reset. */
export type Filtering = 'silent' | 'resetting' | 'unknown';
export const FILTERINGS = ['silent', 'resetting', 'unknown'] as const;

/** A local port of this host, and the port as which others see it. */
export interface PortPair {
  readonly local: number;
  readonly public: number;
}

/** How one side of a meeting can be reached by the other. */
export interface Offer {
  readonly nat: NatKind;
  readonly filtering: Filtering;
  /**
   * The node's address as seen from outside its network. The seed fills it in with the address that the seed
   * sees.
   */
  readonly publicAddress: string;
  /**
   * The node's address in its own network. It identifies the node only within that network: nodes in
   * different networks may have the same one.
   */
  readonly privateAddress: string;
  /** The port for the control connection that the two nodes try to make. */
  readonly port: PortPair;
  /**
   * The port on which the called node listens for the control connection in its own network; 0 if it does not
   * listen.
   */
  readonly privatePort: number;
  /** The ports from which the node will open its ends of its guests' incoming connections. */
  readonly inboundPorts: readonly PortPair[];
  /** The connection for which the guest of the calling node waits. Only the calling node sets it. */
  readonly first?: FirstConnection | undefined;
  /**
   * The inbound port from which the called node has opened its end of `first`. Only the called node sets it.
   */
  readonly opened?: PortPair | undefined;
}

/** A guest's connection that is introduced in the same request in which the two nodes meet. */
export interface FirstConnection {
  /** The `id` of the connection's `PunchIntroduction`. */
  readonly id: string;
  /** The port on which the accepting guest listens. */
  readonly port: number;
  /** The port of the connecting guest. */
  readonly from: PortPair;
}

/** The port pair of a node that has no NAT, or whose NAT keeps the port. */
export function samePort(port: number): PortPair {
  return { local: port, public: port };
}

const MAX_INBOUND_PORTS = 64;
const ID = /^[0-9a-f]{16,32}$/;

/** Reads the kind of NAT. A word of a later version counts as `unknown`. */
export function natAt(fields: Fields): NatKind {
  return NAT_KINDS.find((kind) => kind === fields.nat) ?? 'unknown';
}

/** Reads the filtering. A word of a later version counts as `unknown`. */
export function filteringAt(fields: Fields): Filtering {
  return FILTERINGS.find((kind) => kind === fields.filtering) ?? 'unknown';
}

/** Reads the id of an introduced connection: 16 to 32 hex digits. */
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

/** @throws ControlError EINVAL if the offer is malformed. */
export function parseOffer(body: unknown): Offer {
  const fields = fieldsOf(body);
  return {
    nat: natAt(fields),
    filtering: filteringAt(fields),
    publicAddress: ipv4At(fields, 'publicAddress'),
    privateAddress: ipv4At(fields, 'privateAddress'),
    port: parsePortPair(fields.port),
    privatePort: integerAt(fields, 'privatePort', 0, 65_535),
    inboundPorts: listAt(fields, 'inboundPorts', MAX_INBOUND_PORTS).map(parsePortPair),
    ...(fields.first === undefined ? {} : { first: parseFirst(fields.first) }),
    ...(fields.opened === undefined ? {} : { opened: parsePortPair(fields.opened) }),
  };
}
