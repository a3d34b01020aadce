import type { Endpoint } from '../control/endpoint.ts';
import {
  endpointAt,
  fieldsOf,
  integerAt,
  invalid,
  listAt,
  optionalTextAt,
  portAt,
  textAt,
} from './fields.ts';

/** Bodies of the messages about relays, see `docs/control-network.md`; the parsers throw ControlError EINVAL. */

export const MAX_RELAYS = 64;
const MAX_PARTY = 32;
const TOKEN = /^[0-9a-f]{32}$/;
/** ms; farther away is not there. */
export const FARTHEST = 10_000;

/** Seed to relay: take a flow. */
export interface OpenRequest {
  /** The address that the initiator comes from. */
  readonly from: string;
  /** Names of the connections of both nodes to the seed, for the relay's limits. */
  readonly initiator: string;
  readonly acceptor: string;
  /** The acceptor shows it at the dial-in port; 32 hex digits. */
  readonly token: string;
  /** ms that the initiator has */
  readonly timeout: number;
}

/** One relay, as the seed tells the nodes. */
export interface RelayAddress {
  readonly id: number;
  readonly at: Endpoint;
}

/** A node's round trips to relays, id -> ms. */
export type Distances = ReadonlyMap<number, number>;

export function parseRelayJoin(body: unknown): { port: number; advertise: string | undefined } {
  const fields = fieldsOf(body);
  return { port: portAt(fields, 'port'), advertise: optionalTextAt(fields, 'advertise', 45) };
}

function parseTokenOf(body: unknown): string {
  const token = textAt(fieldsOf(body), 'token', 32);
  if (!TOKEN.test(token)) throw invalid('token', '32 hex digits');
  return token;
}

export const parseAbandon = parseTokenOf;

export function parseOpen(body: unknown): OpenRequest {
  const fields = fieldsOf(body);
  return {
    from: textAt(fields, 'from', 45),
    initiator: textAt(fields, 'initiator', MAX_PARTY),
    acceptor: textAt(fields, 'acceptor', MAX_PARTY),
    token: parseTokenOf(body),
    timeout: integerAt(fields, 'timeout', 1, 60_000),
  };
}

export function parseOpened(body: unknown): number {
  return portAt(fieldsOf(body), 'port');
}

export function parseParty(body: unknown): string {
  return textAt(fieldsOf(body), 'party', MAX_PARTY);
}

export function parseRelays(body: unknown): RelayAddress[] {
  return listAt(fieldsOf(body), 'relays', MAX_RELAYS).map((relay) => {
    const fields = fieldsOf(relay);
    return { id: integerAt(fields, 'id', 1, Number.MAX_SAFE_INTEGER), at: endpointAt(fields, 'at') };
  });
}

export function parseDistances(body: unknown): Distances {
  return new Map(
    listAt(fieldsOf(body), 'distances', MAX_RELAYS).map((distance) => {
      const fields = fieldsOf(distance);
      const { ms } = fields;
      if (typeof ms !== 'number' || !(ms >= 0 && ms <= FARTHEST)) throw invalid('ms', `0 to ${FARTHEST}`);
      return [integerAt(fields, 'id', 1, Number.MAX_SAFE_INTEGER), ms] as const;
    }),
  );
}
