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
    'Asks for the credentials of one function. Credentials of an earlier launch that no function has used ' +
    'are no longer good. The reply has `outside` if the seed advertises an address.',
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
    "Tells the seed where the phantom waits for its function. When a connection to the seed's relay shows " +
    '`token`, the seed introduces it to `port` of the phantom. A phantom has one such port at a time, and ' +
    'tells it to every seed to which it connects.',
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
    'Forwards a connection from outside the overlay to `port` of the function. The seed gives `origin` an ' +
    "overlay address, introduces the connection to the function's node, and replies with that address. The " +
    'errors are those of `introduce`. From then on the phantom introduces connections of the same origin ' +
    'itself, over its connection with the function. The node dials the relay at `place`. If the request ' +
    "has no `place`, the node and the phantom both dial the seed's relay, and the reply has the phantom's " +
    '`place`. Functions *outside* need this, see [Inside and ' +
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
    "Sets the duty of the phantom's node. A phantom also states the duty in each `join`, where the default " +
    'is `active`. Only an `active` node has the names of its service; other nodes have only `node-<id>`. ' +
    "All of them are reached by their addresses. Other nodes see the duty as the member's state, and " +
    '`active` as `up`. When a function is renewed, the phantom makes the new one `active` first. It makes ' +
    'the old one `draining` when its membership shows the new one `up`. A name therefore always leads to a ' +
    'node.',
  parseRequest: (body) => ({ duty: dutyAt(fieldsOf(body)) }),
  parseReply: done,
});
