import { type Duty, dutyAt } from '../../protocol/duty.ts';
import {
  booleanAt,
  choiceAt,
  fieldsOf,
  integerAt,
  integersAt,
  textAt,
  textsAt,
} from '../../protocol/fields.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import type { NodeRecord, Slot } from './node-record.ts';

/** By kind of credentials: credentials that expire before this time are refused, ms since the epoch. */
export type Floors = Readonly<Partial<Record<Slot | 'launch', number>>>;

/** A node as the store keeps it. */
export interface RememberedNode {
  readonly service: string;
  readonly role: NodeRecord['role'];
  readonly networks: NamesByNetwork;
  readonly container: string;
  readonly duty: Duty;
  readonly ports: readonly number[];
  /** Whether the node's supervisor was connected. */
  readonly up: boolean;
  /** The time when the node came into that state, ms since the epoch. */
  readonly since: number;
  /** The time when the id was given to this node, ms since the epoch. */
  readonly born: number;
  readonly floors: Floors;
}

/** The key of a node's entry in the store. */
export function keyOf(id: number): string {
  return `node.${id}`;
}

/** Returns what is known of a node that has just got its id. */
export function newNode(service: string, role: NodeRecord['role']): RememberedNode {
  const now = Date.now();
  return {
    service,
    role,
    networks: {},
    container: '',
    duty: 'active',
    ports: [],
    up: false,
    since: now,
    born: now,
    floors: {},
  };
}

/** Returns the entry for a node of the registry; `known` is what was known of the node until now. */
export function rememberedNodeOf(
  record: NodeRecord,
  known: RememberedNode | undefined,
  floors: Floors,
): RememberedNode {
  return {
    service: record.service,
    role: record.role,
    networks: record.networks,
    container: record.container,
    duty: record.duty,
    ports: record.ports,
    up: record.host !== undefined,
    since: record.since,
    born: known?.born ?? Date.now(),
    floors,
  };
}

/** @throws ControlError EINVAL for a value that no seed writes. */
export function parseRememberedNode(value: unknown): RememberedNode {
  const fields = fieldsOf(value);
  const networks = fieldsOf(fields.networks);
  const floors = fieldsOf(fields.floors);
  const time = (of: Readonly<Record<string, unknown>>, key: string) =>
    integerAt(of, key, 0, Number.MAX_SAFE_INTEGER);
  return {
    service: textAt(fields, 'service'),
    role: choiceAt(fields, 'role', ['container', 'function']),
    networks: Object.fromEntries(Object.keys(networks).map((key) => [key, textsAt(networks, key, 64)])),
    container: textAt(fields, 'container', 64),
    duty: fields.duty === undefined ? 'active' : dutyAt(fields),
    ports: integersAt(fields, 'ports', 4096, 65_535),
    up: booleanAt(fields, 'up'),
    since: time(fields, 'since'),
    born: time(fields, 'born'),
    floors: Object.fromEntries(
      (['host', 'phantom', 'launch'] as const)
        .filter((kind) => floors[kind] !== undefined)
        .map((kind) => [kind, time(floors, kind)]),
    ),
  };
}

/** Returns the higher floor of each kind, as floors only rise. */
export function higherFloors(a: Floors, b: Floors): Floors {
  const kinds = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof Floors)[];
  return Object.fromEntries(kinds.map((kind) => [kind, Math.max(a[kind] ?? 0, b[kind] ?? 0)]));
}
