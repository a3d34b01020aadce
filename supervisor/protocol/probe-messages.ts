import type { Endpoint } from '../control/endpoint.ts';
import { choiceAt, endpointAt, fieldsOf, invalid, textAt } from './fields.ts';
import type { Filtering } from './offer.ts';
import { parseFiltering } from './parse-punch.ts';

/** Bodies of the messages of probes, see `docs/control-network.md`; the parsers throw ControlError EINVAL. */

export interface ProbeMeeting {
  readonly pair: string;
  readonly side: 'a' | 'b';
  readonly step: string;
  readonly value: unknown;
}

/** Characters of JSON: ports, addresses and figures of one step. */
const MAX_VALUE = 16_384;

export function parseProbeMeeting(body: unknown): ProbeMeeting {
  const fields = fieldsOf(body);
  const value: unknown = fields.value ?? null;
  if (JSON.stringify(value).length > MAX_VALUE) throw invalid('value', `at most ${MAX_VALUE} characters`);
  return {
    pair: textAt(fields, 'pair', 32),
    side: choiceAt(fields, 'side', ['a', 'b']),
    step: textAt(fields, 'step', 64),
    value,
  };
}

export function parseSeen(body: unknown): { readonly observed: Endpoint; readonly filtering: Filtering } {
  const fields = fieldsOf(body);
  return { observed: endpointAt(fields, 'observed'), filtering: parseFiltering(fields) };
}
