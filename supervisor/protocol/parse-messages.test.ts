import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ControlError } from '../control/control-error.ts';
import * as parsers from './parse-messages.ts';

test.each(Object.entries(parsers))('%s takes any JSON and throws nothing but EINVAL', (_name, parse) => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      try {
        parse(body);
      } catch (error) {
        expect(error).toBeInstanceOf(ControlError);
        expect(error).toMatchObject({ code: 'EINVAL' });
      }
    }),
  );
});

const join = {
  role: 'container',
  service: 'web',
  networks: { front: ['web'] },
  hostname: 'h',
  container: '',
  local: { address: '10.0.0.1', port: 5 },
  via: '10.0.0.2',
};

test('unknown fields are ignored, and absent optional ones stay absent', () => {
  expect(parsers.parseJoin({ ...join, mood: 'good' })).toEqual(join);
  expect(parsers.parseName({ name: 'redis', more: 1 })).toBe('redis');
});

test.each([
  [{ ...join, role: 'seed' }, 'role'],
  [{ ...join, networks: { front: 'web' } }, 'front'],
  [
    { ...join, networks: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, []])) },
    'networks',
  ],
  [{ ...join, service: 'x'.repeat(256) }, 'service'],
  [{ ...join, local: { address: '10.0.0.1', port: 65_536 } }, 'port'],
])('a join of %j is refused for its %s', (body, field) => {
  expect(() => parsers.parseJoin(body)).toThrow(field);
});

test('a network called __proto__ is a network', () => {
  const { networks } = parsers.parseJoin({ ...join, networks: JSON.parse('{"__proto__": ["web"]}') });
  expect(Object.keys(networks)).toEqual(['__proto__']);
});
