import { isIPv4 } from 'node:net';
import type { Endpoint } from '../control/endpoint.ts';
import {
  booleanAt,
  choiceAt,
  type Fields,
  fieldsOf,
  integerAt,
  invalid,
  listAt,
  portAt,
  textAt,
} from './fields.ts';
import {
  type AheadRequest,
  type Counterpart,
  MAX_NODE_ID,
  type MeetRequest,
  type PunchIntroduction,
} from './messages.ts';
import {
  FILTERINGS,
  type Filtering,
  type FirstConnection,
  NAT_KINDS,
  type NatKind,
  type Offer,
  type PortPair,
} from './offer.ts';

/** Parsers for what nodes tell each other about hole punching; they throw ControlError EINVAL and ignore unknown fields. */

const MAX_DOORS = 64;
const MAX_ENDS = 64;
const ID = /^[0-9a-f]{16,32}$/;
const KEY = /^[0-9a-f]{64}$/;

/** Numbers only: a name would be looked up, and who sent it would decide where this node connects to. */
function ipv4At(fields: Fields, key: string): string {
  const address = textAt(fields, key, 15);
  if (!isIPv4(address)) throw invalid(key, 'an IPv4 address');
  return address;
}

function ipv4EndpointAt(fields: Fields, key: string): Endpoint {
  const endpoint = fieldsOf(fields[key]);
  return { address: ipv4At(endpoint, 'address'), port: portAt(endpoint, 'port') };
}

function parsePortPair(body: unknown): PortPair {
  const fields = fieldsOf(body);
  return { local: portAt(fields, 'local'), public: portAt(fields, 'public') };
}

/** `nat` as a member or a node says it; a word of a later version is no error. */
export function parseNat(fields: Fields): NatKind {
  return NAT_KINDS.find((kind) => kind === fields.nat) ?? 'unknown';
}

export function parseFiltering(fields: Fields): Filtering {
  return FILTERINGS.find((kind) => kind === fields.filtering) ?? 'unknown';
}

export function parseFacts(body: unknown): NatKind {
  return choiceAt(fieldsOf(body), 'nat', NAT_KINDS);
}

function idAt(fields: Fields): string {
  const id = textAt(fields, 'id', 32);
  if (!ID.test(id)) throw invalid('id', '16 to 32 hex digits');
  return id;
}

function parseFirst(body: unknown): FirstConnection {
  const fields = fieldsOf(body);
  return { id: idAt(fields), port: portAt(fields, 'port'), from: parsePortPair(fields.from) };
}

export function parseOffer(body: unknown): Offer {
  const fields = fieldsOf(body);
  return {
    nat: parseNat(fields),
    filtering: parseFiltering(fields),
    publicAddress: ipv4At(fields, 'publicAddress'),
    privateAddress: ipv4At(fields, 'privateAddress'),
    port: parsePortPair(fields.port),
    privatePort: integerAt(fields, 'privatePort', 0, 65_535),
    doors: listAt(fields, 'doors', MAX_DOORS).map(parsePortPair),
    ...(fields.first === undefined ? {} : { first: parseFirst(fields.first) }),
    ...(fields.opened === undefined ? {} : { opened: parsePortPair(fields.opened) }),
  };
}

export function parseMeet(body: unknown): MeetRequest {
  const fields = fieldsOf(body);
  return { to: ipv4At(fields, 'to'), offer: parseOffer(fields.offer) };
}

export function parseCounterpart(body: unknown): Counterpart {
  const fields = fieldsOf(body);
  const key = textAt(fields, 'key', 64);
  if (!KEY.test(key)) throw invalid('key', '64 hex digits');
  return {
    nodeId: integerAt(fields, 'nodeId', 1, MAX_NODE_ID),
    address: ipv4At(fields, 'address'),
    offer: parseOffer(fields.offer),
    identity: textAt(fields, 'identity'),
    key,
  };
}

/** Whether an administrator wants to know of the pairs too. */
export function parseWantsPairs(body: unknown): boolean {
  return fieldsOf(body).pairs === true;
}

/** The port where the acceptor listens, 0 where it opens the connection itself. */
export function parsePunched(body: unknown): number {
  const fields = fieldsOf(body);
  return fields.port === undefined ? 0 : portAt(fields, 'port');
}

export function parseAhead(body: unknown): AheadRequest {
  const fields = fieldsOf(body);
  return {
    port: portAt(fields, 'port'),
    from: ipv4At(fields, 'from'),
    peer: ipv4At(fields, 'peer'),
    ends: listAt(fields, 'ends', MAX_ENDS).map((end) => {
      const each = fieldsOf(end);
      return { at: portAt(each, 'at'), port: portAt(each, 'port') };
    }),
  };
}

/** How many of the ends that were asked for are open. */
export function parseOpened(body: unknown): number {
  return integerAt(fieldsOf(body), 'opened', 0, MAX_ENDS);
}

/** The port on which nobody listens any more. */
export function parseDeserted(body: unknown): number {
  return portAt(fieldsOf(body), 'port');
}

export function parsePunch(body: unknown): PunchIntroduction {
  const fields = fieldsOf(body);
  return {
    id: idAt(fields),
    to: fields.to === undefined ? undefined : ipv4At(fields, 'to'),
    port: portAt(fields, 'port'),
    at: integerAt(fields, 'at', 0, 65_535),
    from: ipv4EndpointAt(fields, 'from'),
    peer: ipv4EndpointAt(fields, 'peer'),
    underWay: booleanAt(fields, 'underWay'),
  };
}
