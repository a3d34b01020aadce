import * as z from 'zod/mini';
import type { Endpoint } from '../control/endpoint.ts';
import { type Nothing, nothing, notification, request } from '../control/message.ts';
import { type PairStatus, pairStatus } from '../published/node-config.ts';
import {
  bodyOf,
  booleanAt,
  fieldsOf,
  integerAt,
  invalid,
  ipv4At,
  ipv4EndpointAt,
  listAt,
  MAX_NODE_ID,
  portAt,
  textAt,
} from './fields.ts';
import type { Credentials } from './join.ts';
import { idAt, type Offer, parseOffer } from './offer.ts';

/** Messages by which two nodes open connections to each other when neither can be reached from outside. */

const MAX_ENDS = 64;
const KEY = /^[0-9a-f]{64}$/;

/**
 * A node wants a control connection with the node at overlay address `to`. Both nodes open it at the same
 * time.
 */
export interface MeetRequest {
  readonly to: string;
  readonly offer: Offer;
}

/**
 * The other side of a meeting. `identity` and `key` (hex) are the credentials of the connection between the
 * two nodes.
 */
export interface Counterpart extends Credentials {
  readonly nodeId: number;
  /** The overlay address of the other node. */
  readonly address: string;
  readonly offer: Offer;
}

/**
 * A guest's connection that both nodes open at the same time. `to` is set if the seed passes the introduction
 * on.
 */
export interface PunchIntroduction {
  /** 16 to 32 hex digits; a repeated introduction has the same id. */
  readonly id: string;
  readonly to?: string | undefined;
  /** The port on which the acceptor's guest listens. */
  readonly port: number;
  /**
   * The acceptor's local port for this connection. 0: the acceptor listens for the connection, and its reply
   * has the port.
   */
  readonly at: number;
  /** The endpoint from which the initiator's packets come. */
  readonly from: Endpoint;
  /** The overlay endpoint of the initiator. */
  readonly peer: Endpoint;
  /**
   * If true, the initiator does not wait for the reply; the acceptor has to refuse over the connection
   * itself.
   */
  readonly underWay: boolean;
}

/** Asks the acceptor to open its ends of connections that guests of the initiator are about to make. */
export interface AheadRequest {
  /** The port on which the acceptor's guest listens. */
  readonly port: number;
  /** The address from which the initiator's packets come. */
  readonly from: string;
  /** The overlay address of the initiator. */
  readonly peer: string;
  /** `at` is the acceptor's local port; `port` is the initiator's port as the acceptor sees it. */
  readonly ends: readonly { readonly at: number; readonly port: number }[];
}

function parseCounterpart(body: unknown): Counterpart {
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

export const Meet = request<MeetRequest, Counterpart>({
  number: 15,
  name: 'meet',
  from: 'node',
  body: '{to, offer} -> {nodeId, address, offer, identity, key}',
  about:
    'Asks for a connection between the supervisors of two nodes, which both of them open at once. The ' +
    "caller's offer may have `first: {id, port, from}`, the connection for which its guest waits; `from` " +
    'is the port of the guest. The offer in the reply then has `opened`, the inbound port from which the ' +
    'other node has opened its end. Errors: EHOSTUNREACH, EALREADY (the other node has asked first), ' +
    'EOPNOTSUPP (the other node has no port to offer).',
  parseRequest(body) {
    const fields = fieldsOf(body);
    return { to: ipv4At(fields, 'to'), offer: parseOffer(fields.offer) };
  },
  parseReply: parseCounterpart,
});

export const AskToMeet = request<Counterpart, { readonly offer: Offer }>({
  number: 15,
  name: 'meet',
  from: 'seed',
  body: '{nodeId, address, offer, identity, key} -> {offer}',
  about: 'Tells a node that another node has asked to meet it. The reply has the offer of the node.',
  parseRequest: parseCounterpart,
  parseReply: (body) => ({ offer: parseOffer(fieldsOf(body).offer) }),
});

export const Punch = request<PunchIntroduction, { readonly port?: number | undefined }>({
  number: 16,
  name: 'punch',
  from: 'node to node; over the seed, with `to`, if their connection broke',
  body: '{id, port, at, from: {address, port}, peer: {address, port}, underWay, to?} -> {port?}',
  about:
    "Introduces a guest's connection. The acceptor opens its end from its port `at`, and replies when its " +
    'first packet has left. If `at` is 0, the acceptor listens, and the reply has its `port`. If ' +
    '`underWay` is true, the initiator does not wait for the reply. An error has the errno of the ' +
    'connect() of the guest.',
  parseRequest(body) {
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
  },
  parseReply(body) {
    const fields = fieldsOf(body);
    return fields.port === undefined ? {} : { port: portAt(fields, 'port') };
  },
});

export const Met = notification<Nothing>({
  number: 17,
  name: 'met',
  from: 'node to node',
  body: '{}',
  about:
    'Tells the called node that the caller has chosen this connection. A meeting can result in several ' +
    'connections.',
  parse: nothing,
});

export const Pairs = request<Nothing, { readonly pairs: readonly PairStatus[] }>({
  number: 18,
  name: 'pairs',
  from: 'seed',
  body: '{} -> {pairs: PairStatus[]}',
  about:
    'Asks a node which transports its connections to other nodes use. `PairStatus` is in ' +
    '`supervisor/published/node-config.ts`.',
  parseRequest: nothing,
  parseReply: bodyOf(z.object({ pairs: z.array(pairStatus) })),
});

export const OpenAhead = request<AheadRequest, { readonly opened: number }>({
  number: 19,
  name: 'ahead',
  from: 'node to node',
  body: '{port, from: address, peer: address, ends: {at, port}[]} -> {opened}',
  about:
    'Asks the acceptor to open its ends of at most 64 connections that guests are about to make. `opened` ' +
    'says how many of them are open, counted from the first. See *Ends opened ahead* in ' +
    '[Punching](control-network.md#punching). Errors: ECONNREFUSED, EINVAL for a port that is not an ' +
    'inbound port, EAGAIN.',
  parseRequest(body) {
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
  },
  parseReply: (body) => ({ opened: integerAt(fieldsOf(body), 'opened', 0, MAX_ENDS) }),
});

export const Deserted = notification<{ readonly port: number }>({
  number: 42,
  name: 'deserted',
  from: 'node to node',
  body: '{port}',
  about:
    'Tells a peer that no guest of the sender listens on `port` any more. The update of the membership by ' +
    'the seed comes later.',
  parse: (body) => ({ port: portAt(fieldsOf(body), 'port') }),
});
