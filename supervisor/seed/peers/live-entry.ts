import { dutyAt } from '../../protocol/duty.ts';
import {
  booleanAt,
  choiceAt,
  endpointAt,
  fieldsOf,
  integerAt,
  integersAt,
  optionalTextAt,
  textAt,
  textsAt,
} from '../../protocol/fields.ts';
import { filteringAt, natAt } from '../../protocol/offer.ts';
import type { Attachment, NodeRecord, Slot } from '../nodes/node-record.ts';
import type { Told } from '../nodes/node-registry.ts';

/** A connection of a node, as its seed reports it to the others. */
export interface LiveEntry extends Omit<Told, 'attachment'> {
  readonly seed: string;
  readonly attachment: Pick<
    Attachment,
    'observed' | 'direct' | 'nat' | 'filtering' | 'requestId' | 'functionName'
  >;
}

/**
 * Returns the entry of a node's connection; undefined if the node has no such connection, or has it with
 * another seed.
 */
export function liveEntryOf(seed: string, node: NodeRecord | undefined, slot: Slot): LiveEntry | undefined {
  const end = node?.[slot];
  if (!node || !end || end.seed !== undefined) return undefined;
  const { service, role, networks, container, duty, ports, since } = node;
  const { observed, direct, nat, filtering, requestId, functionName } = end;
  return {
    ...{ seed, service, role, networks, container, duty, ports, since },
    attachment: { observed, direct, nat, filtering, requestId, functionName },
  };
}

/** @throws ControlError EINVAL for a value that no seed writes. */
export function parseLiveEntry(value: unknown): LiveEntry {
  const fields = fieldsOf(value);
  const networks = fieldsOf(fields.networks);
  const attachment = fieldsOf(fields.attachment);
  return {
    seed: textAt(fields, 'seed', 32),
    service: textAt(fields, 'service'),
    role: choiceAt(fields, 'role', ['container', 'function']),
    networks: Object.fromEntries(Object.keys(networks).map((key) => [key, textsAt(networks, key, 64)])),
    container: textAt(fields, 'container', 64),
    duty: dutyAt(fields),
    ports: integersAt(fields, 'ports', 4096, 65_535),
    since: integerAt(fields, 'since', 0, Number.MAX_SAFE_INTEGER),
    attachment: {
      observed: endpointAt(attachment, 'observed'),
      direct: booleanAt(attachment, 'direct'),
      nat: natAt(attachment),
      filtering: filteringAt(attachment),
      requestId: optionalTextAt(attachment, 'requestId'),
      functionName: optionalTextAt(attachment, 'functionName'),
    },
  };
}
