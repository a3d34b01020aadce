import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ControlError } from '../control/control-error.ts';
import {
  parseCounterpart,
  parseFacts,
  parseMeet,
  parseOffer,
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

test('whatever comes is parsed or refused with EINVAL', () => {
  const parsers = [parseCounterpart, parseFacts, parseMeet, parseOffer, parsePunch, parsePunched];
  const near = fc.oneof(
    fc.jsonValue(),
    fc.record({ offer: fc.jsonValue(), to: fc.jsonValue() }),
    fc.constant({ ...punch, id: '' }),
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
