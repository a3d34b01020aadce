import type { Endpoint } from '../control/endpoint.ts';
import { done, request } from '../control/message.ts';
import { endpointAt, type Fields, fieldsOf, portAt, textAt, tokenAt } from './fields.ts';

/** Messages that bring the two ends of a connection together at a relay. */

/**
 * A place at a relay for one end of a connection: the node dials `relay` and shows `token` (32 hex digits).
 */
export interface RelayPlace {
  readonly relay: Endpoint;
  readonly token: string;
}

/**
 * A peer wants to connect to `port` of this node. This node takes the connection at the place at the relay.
 */
export interface Introduction extends RelayPlace {
  readonly port: number;
  /** The overlay endpoint of the initiator. */
  readonly peer: Endpoint;
}

export function placeAt(fields: Fields): RelayPlace {
  return { relay: endpointAt(fields, 'relay'), token: tokenAt(fields, 'token') };
}

/** A guest's connect(). */
export interface ConnectRequest extends Endpoint {
  /** The port that the guest has bound, and that the other end sees as the peer's port. */
  readonly from?: number | undefined;
}

export const Connect = request<ConnectRequest, { readonly relay: Endpoint }>({
  number: 6,
  name: 'connect',
  from: 'node',
  body: '{address, port, from?} -> {relay: {address, port}}',
  about:
    "Asks for a port at a relay for a guest's connection to an overlay endpoint. The guest connects to " +
    '`relay` and sends no preface. `from` is the port to which the guest has bound its socket; the other ' +
    "end sees it as the peer's port. An error has the errno of the guest's connect().",
  parseRequest(body) {
    const fields = fieldsOf(body);
    const target = { address: textAt(fields, 'address', 15), port: portAt(fields, 'port') };
    return { ...target, from: fields.from === undefined ? undefined : portAt(fields, 'from') };
  },
  parseReply: (body) => ({ relay: endpointAt(fieldsOf(body), 'relay') }),
});

export const Introduce = request<Introduction, void>({
  number: 7,
  name: 'introduce',
  from: 'seed, or a phantom to its function',
  body: '{port, relay: {address, port}, token, peer: {address, port}} -> {}',
  about:
    'Tells a node that `peer` connects to its `port`. The node dials the relay and shows `token` (32 hex ' +
    "digits). It replies when its guest's listener has taken the connection. An error has the errno of the " +
    "peer's connect().",
  parseRequest(body) {
    const fields = fieldsOf(body);
    return { port: portAt(fields, 'port'), ...placeAt(fields), peer: endpointAt(fields, 'peer') };
  },
  parseReply: done,
});
