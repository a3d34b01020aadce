import type { Endpoint } from '../control/endpoint.ts';
import { done, notification, request } from '../control/message.ts';
import {
  endpointAt,
  fieldsOf,
  integerAt,
  invalid,
  listAt,
  optionalTextAt,
  portAt,
  textAt,
  tokenAt,
} from './fields.ts';

/** Messages between the seed, the standalone relays, and the nodes that use them. */

export const MAX_RELAYS = 64;
const MAX_PARTY = 32;
/** Maximum round trip in ms; a relay that takes longer counts as unreachable. */
const FARTHEST = 10_000;

/** The facts that a relay needs to open a flow. */
export interface FlowRequest {
  /** The address from which the initiator connects. */
  readonly from: string;
  /** `initiator` and `acceptor` name the nodes' control connections, for the relay's limits. */
  readonly initiator: string;
  readonly acceptor: string;
  /** 32 hex digits; the acceptor shows the token at the relay's dial-in port. */
  readonly token: string;
  /** Time within which the initiator has to connect, ms. */
  readonly timeout: number;
}

/** A relay, as the seed describes it to the nodes. */
export interface RelayAddress {
  readonly id: number;
  readonly at: Endpoint;
}

/** The round-trip time from a node to a relay, ms. */
export interface RelayDistance {
  readonly id: number;
  readonly ms: number;
}

const idOf = (body: unknown) => integerAt(fieldsOf(body), 'id', 1, Number.MAX_SAFE_INTEGER);

export const RelayJoin = request<
  { readonly port: number; readonly advertise?: string | undefined },
  { readonly id: number }
>({
  number: 20,
  name: 'relay-join',
  from: 'relay',
  body: '{port, advertise?} -> {id}',
  about:
    'Adds a relay. `port` is its dial-in port. Its address is `advertise`, or else the address from which ' +
    'the seed sees it.',
  parseRequest(body) {
    const fields = fieldsOf(body);
    return { port: portAt(fields, 'port'), advertise: optionalTextAt(fields, 'advertise', 45) };
  },
  parseReply: (body) => ({ id: idOf(body) }),
});

export const RelayOpen = request<FlowRequest, { readonly port: number }>({
  number: 21,
  name: 'relay-open',
  from: 'seed to relay',
  body: '{from, initiator, acceptor, token, timeout} -> {port}',
  about:
    'Opens a port for the initiator of a flow, which must connect from `from` within `timeout` ms. ' +
    "`initiator` and `acceptor` name the control connections of the two nodes, for the relay's limits. The " +
    'errors are those of the [Relay](control-network.md#relay), and ESHUTDOWN while the relay drains.',
  parseRequest(body) {
    const fields = fieldsOf(body);
    return {
      from: textAt(fields, 'from', 45),
      initiator: textAt(fields, 'initiator', MAX_PARTY),
      acceptor: textAt(fields, 'acceptor', MAX_PARTY),
      token: tokenAt(fields, 'token'),
      timeout: integerAt(fields, 'timeout', 1, 60_000),
    };
  },
  parseReply: (body) => ({ port: portAt(fieldsOf(body), 'port') }),
});

export const RelayAbandon = notification<{ readonly token: string }>({
  number: 22,
  name: 'relay-abandon',
  from: 'seed to relay',
  body: '{token}',
  about: 'Tells the relay that the acceptor of the flow with this token will not connect.',
  parse: (body) => ({ token: tokenAt(fieldsOf(body), 'token') }),
});

export const RelayReset = notification<{ readonly party: string }>({
  number: 23,
  name: 'relay-reset',
  from: 'seed to relay',
  body: '{party}',
  about: 'Tells the relay to reset the flows of a node, because its control connection `party` fell silent.',
  parse: (body) => ({ party: textAt(fieldsOf(body), 'party', MAX_PARTY) }),
});

export const RelayList = notification<{ readonly relays: readonly RelayAddress[] }>({
  number: 26,
  name: 'relays',
  from: 'seed to node',
  body: '{relays: {id, at: {address, port}}[]}',
  about: 'Lists all relays that have joined. The seed sends nothing before the first relay has joined.',
  parse: (body) => ({
    relays: listAt(fieldsOf(body), 'relays', MAX_RELAYS).map((relay) => ({
      id: idOf(relay),
      at: endpointAt(fieldsOf(relay), 'at'),
    })),
  }),
});

export const RelayDistances = request<{ readonly distances: readonly RelayDistance[] }, void>({
  number: 27,
  name: 'distances',
  from: 'node',
  body: '{distances: {id, ms}[]} -> {}',
  about: 'Tells the seed the round-trip times from the node to the relays that it reaches, in ms.',
  parseRequest: (body) => ({
    distances: listAt(fieldsOf(body), 'distances', MAX_RELAYS).map((distance) => {
      const { ms } = fieldsOf(distance);
      if (typeof ms !== 'number' || !(ms >= 0 && ms <= FARTHEST)) throw invalid('ms', `0 to ${FARTHEST}`);
      return { id: idOf(distance), ms };
    }),
  }),
  parseReply: done,
});
