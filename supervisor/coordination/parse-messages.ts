import type { Endpoint } from '../control/endpoint.ts';
import {
  booleanAt,
  choiceAt,
  endpointAt,
  type Fields,
  fieldsOf,
  integerAt,
  integersAt,
  invalid,
  listAt,
  optionalTextAt,
  portAt,
  textAt,
  textsAt,
} from './fields.ts';
import {
  type ConnectRequest,
  type Duty,
  type Forwarded,
  type ForwardRequest,
  type Hello,
  type HelloRequest,
  type Introduction,
  type JoinBody,
  type Joined,
  type Launch,
  type LaunchOutside,
  MAX_NODE_ID,
  type Member,
  type MembershipUpdate,
  type NamesByNetwork,
  type RelayPlace,
  type Way,
} from './messages.ts';
import { parseFiltering, parseNat } from './parse-punch.ts';

/** Parsers for the bodies of `docs/control-network.md`; they throw ControlError EINVAL and ignore unknown fields. */

const MAX_NETWORKS = 64;
const MAX_NAMES = 64;
const MAX_NAMES_SIZE = 16_384;
const MAX_PORTS = 4096;
/** As many as fit a frame. */
const MAX_MEMBERS = 65_536;
const TOKEN = /^[0-9a-f]{32}$/;

/** `version` is the newest that the peer speaks; `oldest`, where it is left out, the same. */
export function parseHelloRequest(body: unknown): HelloRequest {
  const fields = fieldsOf(body);
  const newest = integerAt(fields, 'version', 1, 255);
  return {
    newest,
    oldest: fields.oldest === undefined ? newest : integerAt(fields, 'oldest', 1, newest),
    capabilities: fields.capabilities === undefined ? [] : textsAt(fields, 'capabilities', 64),
  };
}

export function parseHello(body: unknown): Hello {
  const fields = fieldsOf(body);
  return {
    project: textAt(fields, 'project'),
    overlay: textAt(fields, 'overlay'),
    capabilities: textsAt(fields, 'capabilities', 64),
    observers: fields.observers === undefined ? [] : integersAt(fields, 'observers', 8, 65_535),
  };
}

function parseNetworks(fields: Fields): NamesByNetwork {
  const networks = fieldsOf(fields.networks);
  const keys = Object.keys(networks);
  if (keys.length > MAX_NETWORKS) throw invalid('networks', `at most ${MAX_NETWORKS} networks`);
  // Everybody on these networks is told all of it.
  if (JSON.stringify(networks).length > MAX_NAMES_SIZE)
    throw invalid('networks', `at most ${MAX_NAMES_SIZE} characters of names`);
  return Object.fromEntries(keys.map((network) => [network, textsAt(networks, network, MAX_NAMES)]));
}

export function parseJoin(body: unknown): JoinBody {
  const fields = fieldsOf(body);
  return {
    role: choiceAt(fields, 'role', ['container', 'function', 'phantom']),
    service: textAt(fields, 'service'),
    networks: parseNetworks(fields),
    hostname: textAt(fields, 'hostname'),
    container: textAt(fields, 'container', 64),
    requestId: optionalTextAt(fields, 'requestId'),
    functionName: optionalTextAt(fields, 'functionName'),
    local: endpointAt(fields, 'local'),
    via: textAt(fields, 'via', 45),
    claim: optionalTextAt(fields, 'claim', 32),
    duty: fields.duty === undefined ? undefined : parseDuty(fields),
  };
}

export function parseJoined(body: unknown): Joined {
  const fields = fieldsOf(body);
  const resume = fieldsOf(fields.resume);
  return {
    nodeId: integerAt(fields, 'nodeId', 1, MAX_NODE_ID),
    address: textAt(fields, 'address', 15),
    observed: endpointAt(fields, 'observed'),
    resume: { identity: textAt(resume, 'identity'), key: textAt(resume, 'key', 64) },
  };
}

function parseMember(body: unknown): Member {
  const fields = fieldsOf(body);
  return {
    id: integerAt(fields, 'id', 1, MAX_NODE_ID),
    address: textAt(fields, 'address', 15),
    names: textsAt(fields, 'names', MAX_NETWORKS * MAX_NAMES + 1),
    ports: parsePorts(fields),
    underlay: textAt(fields, 'underlay', 45),
    direct: booleanAt(fields, 'direct'),
    ...(fields.apart === true ? { apart: true } : {}),
    state: choiceAt(fields, 'state', ['starting', 'standby', 'up', 'draining']),
    nat: parseNat(fields),
    filtering: parseFiltering(fields),
  };
}

export function parseMembership(body: unknown): MembershipUpdate {
  const fields = fieldsOf(body);
  return {
    epoch: integerAt(fields, 'epoch', 0, Number.MAX_SAFE_INTEGER),
    snapshot: booleanAt(fields, 'snapshot'),
    nodes: listAt(fields, 'nodes', MAX_MEMBERS).map(parseMember),
    removed: integersAt(fields, 'removed', MAX_MEMBERS, MAX_NODE_ID),
    seed: optionalTextAt(fields, 'seed'),
    more: fields.more === true,
    gateways:
      fields.gateways === undefined ? undefined : textsAt(fieldsOf(fields.gateways), 'names', MAX_MEMBERS),
  };
}

function parsePorts(fields: Fields): number[] {
  return integersAt(fields, 'ports', MAX_PORTS, 65_535);
}

export function parseDuty(body: unknown): Duty {
  return choiceAt(fieldsOf(body), 'duty', ['standby', 'active', 'draining']);
}

export function parseListening(body: unknown): readonly number[] {
  return parsePorts(fieldsOf(body));
}

export function parseName(body: unknown): string {
  return textAt(fieldsOf(body), 'name');
}

export function parseNames(body: unknown): string[] {
  return textsAt(fieldsOf(body), 'names', MAX_MEMBERS);
}

export function parseAddress(body: unknown): string {
  return textAt(fieldsOf(body), 'address', 15);
}

export function parseAddresses(body: unknown): string[] {
  return textsAt(fieldsOf(body), 'addresses', MAX_MEMBERS);
}

export function parseConnect(body: unknown): ConnectRequest {
  const fields = fieldsOf(body);
  const target = { address: textAt(fields, 'address', 15), port: portAt(fields, 'port') };
  return { target, from: fields.from === undefined ? undefined : portAt(fields, 'from') };
}

export function parseConnected(body: unknown): Endpoint {
  return endpointAt(fieldsOf(body), 'relay');
}

function parseToken(fields: Fields): string {
  const token = textAt(fields, 'token', 32);
  if (!TOKEN.test(token)) throw invalid('token', '32 hex digits');
  return token;
}

export function parseIntroduction(body: unknown): Introduction {
  const fields = fieldsOf(body);
  return {
    port: portAt(fields, 'port'),
    relay: endpointAt(fields, 'relay'),
    token: parseToken(fields),
    peer: endpointAt(fields, 'peer'),
  };
}

function parsePlace(fields: Fields): RelayPlace | undefined {
  if (fields.place === undefined) return undefined;
  const place = fieldsOf(fields.place);
  return { relay: endpointAt(place, 'relay'), token: parseToken(place) };
}

export function parseForwarded(body: unknown): Forwarded {
  const fields = fieldsOf(body);
  return { origin: textAt(fields, 'origin', 15), place: parsePlace(fields) };
}

export function parseForward(body: unknown): ForwardRequest {
  const fields = fieldsOf(body);
  return { port: portAt(fields, 'port'), place: parsePlace(fields), origin: endpointAt(fields, 'origin') };
}

export function parseWay(body: unknown): Way {
  const fields = fieldsOf(body);
  return { port: portAt(fields, 'port'), token: parseToken(fields) };
}

export function parseLaunch(body: unknown): Launch {
  const fields = fieldsOf(body);
  return {
    nodeId: integerAt(fields, 'nodeId', 1, MAX_NODE_ID),
    identity: textAt(fields, 'identity'),
    key: textAt(fields, 'key', 64),
    expires: integerAt(fields, 'expires', 0, Number.MAX_SAFE_INTEGER),
    outside: parseOutside(fields),
  };
}

function parseOutside(fields: Fields): LaunchOutside | undefined {
  if (fields.outside === undefined) return undefined;
  const outside = fieldsOf(fields.outside);
  const seed = fieldsOf(outside.seed);
  return {
    seed: { address: textAt(seed, 'address', 253), port: portAt(seed, 'port') },
    relay: portAt(outside, 'relay'),
  };
}

export function parseSeeds(body: unknown): Endpoint[] {
  return listAt(fieldsOf(body), 'seeds', 16).map((seed) => endpointAt({ seed }, 'seed'));
}
