import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ControlError } from '../control/control-error.ts';
import {
  parseAhead,
  parseCounterpart,
  parseDeserted,
  parseFacts,
  parseMeet,
  parseOffer,
  parseOpened,
  parsePunch,
  parsePunched,
} from './parse-punch.ts';

const offer = {
  nat: 'preserving',
  filtering: 'silent',
  publicAddress: '203.0.113.7',
  privateAddress: '10.0.0.2',
  port: { local: 1, public: 2 },
  privatePort: 0,
  doors: [{ local: 61_000, public: 61_000 }],
};
const punch = {
  id: '0123456789abcdef',
  port: 80,
  at: 61_000,
  from: { address: '203.0.113.9', port: 40_000 },
  peer: { address: '198.18.0.1', port: 40_000 },
  underWay: true,
};

test('a name is no address: nobody has a node look one up', () => {
  expect(() => parseOffer({ ...offer, publicAddress: 'seed.internal' })).toThrow('IPv4');
  expect(() => parsePunch({ ...punch, from: { address: 'example.org', port: 1 } })).toThrow('IPv4');
});

test('unknown fields and words of later versions are no errors', () => {
  expect(parseOffer({ ...offer, nat: 'quantum', more: 1 })).toEqual({ ...offer, nat: 'unknown' });
  expect(parsePunch({ ...punch, more: 1 })).toEqual({ ...punch, to: undefined });
});

test('an offer carries the connection that its guest waits for, and the end that the other one has opened', () => {
  const first = { id: punch.id, port: 80, from: { local: 4, public: 5 } };
  const opened = { local: 61_000, public: 61_000 };
  expect(parseOffer({ ...offer, first, opened })).toEqual({ ...offer, first, opened });
  expect(() => parseOffer({ ...offer, first: { ...first, id: 'x' } })).toThrow('hex');
});

test('ends are opened towards one address, in a bounded number', () => {
  const end = { at: 61_000, port: 40_000 };
  const request = { port: 80, from: '203.0.113.9', peer: '198.18.0.1', ends: [end, end] };
  expect(parseAhead(request)).toEqual(request);
  expect(() => parseAhead({ ...request, ends: Array(65).fill(end) })).toThrow('ends');
});

test('whatever comes is parsed or refused with EINVAL', () => {
  const ofAhead = [parseAhead, parseDeserted, parseOpened];
  const parsers = [parseCounterpart, parseFacts, parseMeet, parseOffer, parsePunch, parsePunched, ...ofAhead];
  const near = fc.oneof(
    fc.jsonValue(),
    fc.record({ offer: fc.jsonValue(), to: fc.jsonValue() }),
    fc.constant({ ...punch, id: '' }),
    fc.record({ port: fc.nat(), from: fc.ipV4(), peer: fc.ipV4(), ends: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(near, fc.constantFrom(...parsers), (body, parse) => {
      try {
        parse(body);
      } catch (error) {
        expect(error).toBeInstanceOf(ControlError);
      }
    }),
  );
});
