import type { Endpoint } from '../control/endpoint.ts';
import { done, type Nothing, nothing, request } from '../control/message.ts';
import { type Duty, dutyAt } from './duty.ts';
import {
  endpointAt,
  type Fields,
  fieldsOf,
  integerAt,
  MAX_NODE_ID,
  portAt,
  textAt,
  tokenAt,
} from './fields.ts';
import { placeAt, type RelayPlace } from './flows.ts';
import type { Credentials } from './join.ts';

/** Requests of a phantom to the seed on behalf of its function. */

/** Credentials for one function; they can be used once. */
export interface Launched extends Credentials {
  readonly nodeId: number;
  /** The time when the credentials expire, ms since the epoch. */
  readonly expires: number;
  /** Set for a function that is on none of the seed's networks. */
  readonly outside?: LaunchOutside | undefined;
}

/**
 * How a function outside the seed's networks reaches the seed and its phantom. It reaches the seed by name or
 * address, and the phantom by the seed's relay at the same host.
 */
export interface LaunchOutside {
  readonly seed: Endpoint;
  /** The port of the seed's relay. */
  readonly relay: number;
}

/**
 * The port where a phantom waits for its function, and the token (32 hex digits) by which the seed's relay
 * connects the function to that port.
 */
export interface Way {
  readonly port: number;
  readonly token: string;
}

/**
 * A phantom asks the seed to introduce the function's node to a connection that came from outside the
 * overlay. The node dials the phantom's relay at `place`. Without `place`, the node and the phantom both dial
 * the seed's relay.
 */
export interface ForwardRequest {
  readonly port: number;
  readonly place?: RelayPlace | undefined;
  readonly origin: Endpoint;
}

export interface Forwarded {
  /** The overlay address of the origin. */
  readonly origin: string;
  /** The place at the seed's relay for the phantom's end; set if the request named no place. */
  readonly place?: RelayPlace | undefined;
}

function optionalPlaceAt({ place }: Fields): RelayPlace | undefined {
  return place === undefined ? undefined : placeAt(fieldsOf(place));
}

function outsideAt({ outside }: Fields): LaunchOutside | undefined {
  if (outside === undefined) return undefined;
  const fields = fieldsOf(outside);
  const seed = fieldsOf(fields.seed);
  return {
    seed: { address: textAt(seed, 'address', 253), port: portAt(seed, 'port') },
    relay: portAt(fields, 'relay'),
  };
}

export const Launch = request<Nothing, Launched>({
  number: 8,
  name: 'launch',
  from: 'phantom',
  body: '{} -> {nodeId, identity, key (hex), expires (ms), outside?: {seed: {address, port}, relay: port}}',
  about:
    'Credentials for one function; those of an earlier launch that was not used yet are no longer good. ' +
    '`outside` where the seed advertises an address.',
  parseRequest: nothing,
  parseReply(body) {
    const fields = fieldsOf(body);
    return {
      nodeId: integerAt(fields, 'nodeId', 1, MAX_NODE_ID),
      identity: textAt(fields, 'identity'),
      key: textAt(fields, 'key', 64),
      expires: integerAt(fields, 'expires', 0, Number.MAX_SAFE_INTEGER),
      outside: outsideAt(fields),
    };
  },
});

export const LeadWay = request<Way, void>({
  number: 41,
  name: 'way',
  from: 'phantom',
  body: '{port, token} -> {}',
  about:
    'Whoever shows the token at the relay is introduced to this port of the phantom. One at a time; ' +
    'repeated to every seed that the phantom comes to.',
  parseRequest(body) {
    const fields = fieldsOf(body);
    return { port: portAt(fields, 'port'), token: tokenAt(fields, 'token') };
  },
  parseReply: done,
});

export const Forward = request<ForwardRequest, Forwarded>({
  number: 13,
  name: 'forward',
  from: 'phantom',
  body: '{port, place?: {relay: {address, port}, token}, origin: {address, port}} -> {origin, place?}',
  about:
    "The seed gives `origin` an overlay address, introduces the phantom's own node, and replies with " +
    'that address; errors as `introduce`. From then on the phantom introduces connections of the same ' +
    "origin itself, over its connection with the function. Without `place` both dial the seed's relay, " +
    'and the reply says where the phantom does: for functions *outside*, see [Inside and ' +
    'outside](control-network.md#inside-and-outside).',
  parseRequest(body) {
    const fields = fieldsOf(body);
    return {
      port: portAt(fields, 'port'),
      place: optionalPlaceAt(fields),
      origin: endpointAt(fields, 'origin'),
    };
  },
  parseReply(body) {
    const fields = fieldsOf(body);
    return { origin: textAt(fields, 'origin', 15), place: optionalPlaceAt(fields) };
  },
});

export const SetDuty = request<{ readonly duty: Duty }, void>({
  number: 28,
  name: 'duty',
  from: 'phantom',
  body: "{duty: 'standby'|'active'|'draining'} -> {}",
  about:
    'Also in each join of a phantom, `active` where it is left out. Only an `active` node has names, all ' +
    "others `node-<id>` alone; all are reached by their addresses. The state of the phantom's function " +
    'is the duty, `up` for `active`. The phantom of a renewed function makes the new one `active` first, ' +
    'and the old one `draining` when its own membership shows the new one `up`: so a name always leads ' +
    'to a node.',
  parseRequest: (body) => ({ duty: dutyAt(fieldsOf(body)) }),
  parseReply: done,
});
