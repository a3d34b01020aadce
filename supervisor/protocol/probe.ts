import type { Endpoint } from '../control/endpoint.ts';
import { type Nothing, nothing, request } from '../control/message.ts';
import { choiceAt, endpointAt, fieldsOf, invalid, textAt } from './fields.ts';
import { type Filtering, filteringAt } from './offer.ts';

/** Requests of the functions of `docker boxer probe` to the seed. */

/** One step of a pair of probing functions. */
export interface ProbeMeeting {
  readonly pair: string;
  readonly side: 'a' | 'b';
  readonly step: string;
  readonly value: unknown;
}

/** Maximum length of a step's value in characters of JSON. A value has ports, addresses and figures. */
const MAX_VALUE = 16_384;

export const Probe = request<Nothing, { readonly observed: Endpoint; readonly filtering: Filtering }>({
  number: 48,
  name: 'probe',
  from: 'probe',
  body: '{} -> {observed: {address, port}, filtering}',
  about:
    'Asks how the seed sees a function of `docker boxer probe`. Such a function has an identity of the ' +
    'service `boxer-probe`, and is no node. The seed serves 16 of them at a time, for 5 minutes each.',
  parseRequest: nothing,
  parseReply(body) {
    const fields = fieldsOf(body);
    return { observed: endpointAt(fields, 'observed'), filtering: filteringAt(fields) };
  },
});

export const ProbeMeet = request<ProbeMeeting, { readonly value: unknown }>({
  number: 49,
  name: 'probe-meet',
  from: 'probe',
  body: "{pair, side: 'a'|'b', step, value} -> {value}",
  about:
    'Exchanges values between the two functions of a probe. The reply comes when both have reached `step`, ' +
    "and has the other function's value. If that function has gone, the error is ECONNRESET.",
  parseRequest(body) {
    const fields = fieldsOf(body);
    const value: unknown = fields.value ?? null;
    if (JSON.stringify(value).length > MAX_VALUE) throw invalid('value', `at most ${MAX_VALUE} characters`);
    return {
      pair: textAt(fields, 'pair', 32),
      side: choiceAt(fields, 'side', ['a', 'b']),
      step: textAt(fields, 'step', 64),
      value,
    };
  },
  parseReply: (body) => ({ value: fieldsOf(body).value }),
});
