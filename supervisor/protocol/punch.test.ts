import { expect, test } from '@jest/globals';
import { parseOffer } from './offer.ts';
import { OpenAhead, Punch } from './punch.ts';

const offer = {
  nat: 'preserving',
  filtering: 'silent',
  publicAddress: '203.0.113.7',
  privateAddress: '10.0.0.2',
  port: { local: 1, public: 2 },
  privatePort: 0,
  inboundPorts: [{ local: 61_000, public: 61_000 }],
};
const punch = {
  id: '0123456789abcdef',
  port: 80,
  at: 61_000,
  from: { address: '203.0.113.9', port: 40_000 },
  peer: { address: '198.18.0.1', port: 40_000 },
  underWay: true,
};

test('addresses in offers and introductions are IPv4 addresses, never names', () => {
  expect(() => parseOffer({ ...offer, publicAddress: 'seed.internal' })).toThrow('IPv4');
  expect(() => Punch.parseRequest({ ...punch, from: { address: 'example.org', port: 1 } })).toThrow('IPv4');
});

test('unknown fields are ignored, and unknown kinds of NAT and filtering count as unknown', () => {
  expect(parseOffer({ ...offer, nat: 'quantum', more: 1 })).toEqual({ ...offer, nat: 'unknown' });
  expect(Punch.parseRequest({ ...punch, more: 1 })).toEqual({ ...punch, to: undefined });
});

test('an offer may have `first`, the connection of a guest, and `opened`, its end that is open', () => {
  const first = { id: punch.id, port: 80, from: { local: 4, public: 5 } };
  const opened = { local: 61_000, public: 61_000 };
  expect(parseOffer({ ...offer, first, opened })).toEqual({ ...offer, first, opened });
  expect(() => parseOffer({ ...offer, first: { ...first, id: 'x' } })).toThrow('hex');
});

test('a request to open ends ahead has one address and at most 64 ends', () => {
  const end = { at: 61_000, port: 40_000 };
  const request = { port: 80, from: '203.0.113.9', peer: '198.18.0.1', ends: [end, end] };
  expect(OpenAhead.parseRequest(request)).toEqual(request);
  expect(() => OpenAhead.parseRequest({ ...request, ends: Array(65).fill(end) })).toThrow('ends');
});
