import { expect, test } from '@jest/globals';
import { formatIdentity, newNonce, newServiceIdentity, parseIdentity, pskOf, serviceKey } from './psk.ts';

const nonce = newNonce();

test.each([
  { kind: 'service', service: 'my-web_1.x', nonce },
  { kind: 'launch', service: 'web', nodeId: 12, expires: 1_790_000_000_000, nonce },
  { kind: 'resume', role: 'phantom', service: 'web', nodeId: 65_535, expires: 1_790_000_000_000, nonce },
  { kind: 'admin', nonce },
  { kind: 'session', nonce },
] as const)('parseIdentity() reads what formatIdentity() wrote for the kind $kind', (identity) => {
  expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
});

test.each([
  '',
  'service',
  `service/${nonce}`,
  `service/a/b/${nonce}`,
  `service/../${nonce}`,
  `service/web/${nonce.toUpperCase()}x`,
  `launch/web/0/17/${nonce}`,
  `launch/web/1e3/17/${nonce}`,
  `launch/1/17/${nonce}`,
  `launch/web/1/1/1/${nonce}`,
  `resume/web/1/17/${nonce}`,
  `resume/seed/web/1/17/${nonce}`,
  `admin/x/${nonce}`,
  `other/${nonce}`,
  `service/${'a'.repeat(300)}/${nonce}`,
])('parseIdentity(%j) is undefined', (text) => {
  expect(parseIdentity(text)).toBeUndefined();
});

test('a key depends on project key, service and identity alone, and differs between any two', () => {
  const project = Buffer.alloc(32, 1);
  const identity = newServiceIdentity('web');
  expect(serviceKey(project, 'web').equals(serviceKey(project, 'db'))).toBe(false);
  const psk = pskOf(serviceKey(project, 'web'), identity);
  expect(psk.length).toBe(32);
  expect(psk.equals(pskOf(serviceKey(project, 'web'), identity))).toBe(true);
  expect(psk.equals(pskOf(serviceKey(project, 'web'), newServiceIdentity('web')))).toBe(false);
  // The value is fixed, as the plugin and any other implementation must derive the same key.
  expect(serviceKey(project, 'web').toString('hex')).toBe(
    '72cde912bab921871ecd9fdf02fe36f16e16a67c39ca7d831332ebbbbc6d235e',
  );
});
