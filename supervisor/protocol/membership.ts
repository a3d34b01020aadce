import type { Endpoint } from '../control/endpoint.ts';
import { done, notification, request } from '../control/message.ts';
import {
  booleanAt,
  choiceAt,
  endpointAt,
  type Fields,
  fieldsOf,
  integerAt,
  integersAt,
  listAt,
  MAX_NODE_ID,
  optionalTextAt,
  textAt,
  textsAt,
} from './fields.ts';
import { MAX_NAMES, MAX_NETWORKS } from './join.ts';
import { type Filtering, filteringAt, NAT_KINDS, type NatKind, natAt } from './offer.ts';

/** Messages about the members of the overlay, their names and their ports. */

const MAX_PORTS = 4096;
/** As many members as fit in one frame. */
const MAX_MEMBERS = 65_536;
const MAX_SEEDS = 16;

/** A node as another one sees it. */
export interface Member {
  readonly id: number;
  /** The member's overlay address. */
  readonly address: string;
  /**
   * The member's names on the networks that it shares with the receiver, and `node-<id>`. While another node
   * stands in for the member, `node-<id>` is its only name.
   */
  readonly names: readonly string[];
  readonly ports: readonly number[];
  /** The member's address as the seed sees it; '' while the member is starting. */
  readonly underlay: string;
  /** There is no NAT between the member and the seed. */
  readonly direct: boolean;
  /** The member is on the other side of the seed: the receiver can reach none of its underlay addresses. */
  readonly apart?: boolean | undefined;
  /** `starting`: the member cannot be reached yet. */
  readonly state: 'starting' | 'standby' | 'up' | 'draining';
  /** The NAT between the member and the seed. */
  readonly nat: NatKind;
  readonly filtering: Filtering;
}

export interface MembershipUpdate {
  readonly epoch: number;
  /** If true, `nodes` has all members; otherwise only those that changed. */
  readonly snapshot: boolean;
  readonly nodes: readonly Member[];
  readonly removed: readonly number[];
  /** Names the run of the seed; only in snapshots. */
  readonly seed?: string | undefined;
  readonly gateways?: { readonly names: readonly string[] } | undefined;
  /** If true, the next message belongs to the same update. */
  readonly more?: boolean | undefined;
}

function portsAt(fields: Fields): number[] {
  return integersAt(fields, 'ports', MAX_PORTS, 65_535);
}

function parseMember(body: unknown): Member {
  const fields = fieldsOf(body);
  return {
    id: integerAt(fields, 'id', 1, MAX_NODE_ID),
    address: textAt(fields, 'address', 15),
    names: textsAt(fields, 'names', MAX_NETWORKS * MAX_NAMES + 1),
    ports: portsAt(fields),
    underlay: textAt(fields, 'underlay', 45),
    direct: booleanAt(fields, 'direct'),
    ...(fields.apart === true ? { apart: true } : {}),
    state: choiceAt(fields, 'state', ['starting', 'standby', 'up', 'draining']),
    nat: natAt(fields),
    filtering: filteringAt(fields),
  };
}

function gatewaysAt({ gateways }: Fields): MembershipUpdate['gateways'] {
  return gateways === undefined ? undefined : { names: textsAt(fieldsOf(gateways), 'names', MAX_MEMBERS) };
}

export const MembershipChanged = notification<MembershipUpdate>({
  number: 3,
  name: 'membership',
  from: 'seed',
  body:
    '{epoch, snapshot: boolean, nodes: Member[], removed: number[], seed?: string, gateways?: {names: ' +
    'string[]}, more?: boolean}; Member = {id, address, names: string[], ports: number[], underlay: ' +
    "string, direct: boolean, apart?: true, state: 'starting'|'standby'|'up'|'draining', nat: NatKind, " +
    'filtering: Filtering}',
  about:
    'Tells a node of the members that share a network with it, and of their names there. `epoch` numbers ' +
    'the updates. The seed batches changes: it sends an update 10 ms after a change. If it takes long to ' +
    'send an update to all nodes, the seed waits three times as long before the next one, but at most 200 ' +
    'ms. A node that reads too slowly gets a snapshot instead. If `more` is true, the next message ' +
    'belongs to the same update. A snapshot has `seed`, the name of this run of the seed. When that name ' +
    'changes, a node keeps the members that it knew for 5 s, while they return. `gateways.names` are the ' +
    'names for which a function must ask the seed with `resolve`. These are the names of unboxed services ' +
    'on its networks, which `resolve` answers, and of services on other networks only, which `resolve` ' +
    'denies. `underlay` is the address that the seed observed. If `apart` is true, the member is on the ' +
    'other side of the seed, see [Inside and outside](control-network.md#inside-and-outside). For `nat` ' +
    'and `filtering` see [Punching](control-network.md#punching).',
  parse(body) {
    const fields = fieldsOf(body);
    return {
      epoch: integerAt(fields, 'epoch', 0, Number.MAX_SAFE_INTEGER),
      snapshot: booleanAt(fields, 'snapshot'),
      nodes: listAt(fields, 'nodes', MAX_MEMBERS).map(parseMember),
      removed: integersAt(fields, 'removed', MAX_MEMBERS, MAX_NODE_ID),
      seed: optionalTextAt(fields, 'seed'),
      more: fields.more === true,
      gateways: gatewaysAt(fields),
    };
  },
});

export const Listening = request<{ readonly ports: readonly number[] }, void>({
  number: 4,
  name: 'listening',
  from: 'node',
  body: '{ports: number[]} -> {}',
  about: 'Tells the seed all TCP ports on which the guest listens and which other nodes can reach.',
  parseRequest: (body) => ({ ports: portsAt(fieldsOf(body)) }),
  parseReply: done,
});

export const Facts = request<{ readonly nat: NatKind }, void>({
  number: 14,
  name: 'facts',
  from: 'node',
  body: "{nat: 'none'|'preserving'|'mapped'|'symmetric'|'unknown'} -> {}",
  about: 'Tells the seed what the node has found out about its NAT.',
  parseRequest: (body) => ({ nat: choiceAt(fieldsOf(body), 'nat', NAT_KINDS) }),
  parseReply: done,
});

export const Resolve = request<{ readonly name: string }, { readonly addresses: readonly string[] }>({
  number: 5,
  name: 'resolve',
  from: 'node',
  body: '{name} -> {addresses: string[]}',
  about: 'Asks for the overlay addresses of an unboxed host. If no host has that name, the error is ENOENT.',
  parseRequest: (body) => ({ name: textAt(fieldsOf(body), 'name') }),
  parseReply: (body) => ({ addresses: textsAt(fieldsOf(body), 'addresses', MAX_MEMBERS) }),
});

export const Reverse = request<{ readonly address: string }, { readonly names: readonly string[] }>({
  number: 11,
  name: 'reverse',
  from: 'node',
  body: '{address} -> {names: string[]}',
  about: 'Asks for the names of an overlay address. If it has none, the error is ENOENT.',
  parseRequest: (body) => ({ address: textAt(fieldsOf(body), 'address', 15) }),
  parseReply: (body) => ({ names: textsAt(fieldsOf(body), 'names', MAX_MEMBERS) }),
});

export const OtherSeeds = notification<{ readonly seeds: readonly Endpoint[] }>({
  number: 40,
  name: 'seeds',
  from: 'seed',
  body: '{seeds: {address, port}[]}',
  about:
    'Lists the other seeds of the project. The seed sends it after the join and whenever the list changes.',
  parse: (body) => ({
    seeds: listAt(fieldsOf(body), 'seeds', MAX_SEEDS).map((seed) => endpointAt({ seed }, 'seed')),
  }),
});
