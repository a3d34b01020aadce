import { expect, test } from '@jest/globals';
import { Join } from './join.ts';
import { Resolve } from './membership.ts';

const join = {
  role: 'container',
  service: 'web',
  networks: { front: ['web'] },
  hostname: 'h',
  container: '',
  local: { address: '10.0.0.1', port: 5 },
  via: '10.0.0.2',
};

test('unknown fields are ignored, and absent optional fields stay absent', () => {
  expect(Join.parseRequest({ ...join, mood: 'good' })).toEqual(join);
  expect(Resolve.parseRequest({ name: 'redis', more: 1 })).toEqual({ name: 'redis' });
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
])('the join request %j is refused; the error names %s', (body, field) => {
  expect(() => Join.parseRequest(body)).toThrow(field);
});

test('a network may be called __proto__', () => {
  const { networks } = Join.parseRequest({ ...join, networks: JSON.parse('{"__proto__": ["web"]}') });
  expect(Object.keys(networks)).toEqual(['__proto__']);
});
