import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressesOf, tcpAnswer } from './tcp-answer.ts';

const { signal } = new AbortController();

test('tcpAnswer() gives ok, ECONNREFUSED for a closed port, ETIMEDOUT without a timely answer', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await tcpAnswer('127.0.0.1', port, 1000, signal)).toBe('ok');
  server.close();
  await once(server, 'close');
  expect(await tcpAnswer('127.0.0.1', port, 1000, signal)).toBe('ECONNREFUSED');
  expect(await tcpAnswer('127.0.0.1', port, 1000, AbortSignal.abort())).toBe('ETIMEDOUT');
});

test('addressesOf() resolves a name, and gives none for an unknown name', async () => {
  expect(await addressesOf('localhost')).toEqual(['127.0.0.1']);
  expect(await addressesOf('nobody.invalid')).toEqual([]);
});
