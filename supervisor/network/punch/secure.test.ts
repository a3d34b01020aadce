import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PskOffer } from '../../control/raw-tls-testbed/client-hello.ts';
import { RawTlsClient } from '../../control/raw-tls-testbed/raw-tls-client.ts';
import { secure } from './secure.ts';

/**
 * Tests of the called side of a connection: between two nodes, or of a function and its phantom through a
 * relay.
 */
const identity = `session/${'ab'.repeat(16)}`;
const key = Buffer.alloc(32, 7);
const stop = new AbortController();
let server: Server;
let port: number;

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    secure(socket, 'called', { identity, key }, stop.signal, () => undefined).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

test('the key opens a connection; the session ticket of that connection opens no other', async () => {
  const own: PskOffer = { identity: Buffer.from(identity), key, kind: 'external' };
  const other: PskOffer = { ...own, identity: Buffer.from('session/another') };
  const first = await RawTlsClient.connect({ port, offers: [own] });
  const ticket = await first.ticket();
  first.close();
  for (const offers of [[ticket], [other, ticket], [{ ...own, key: Buffer.alloc(32) }, ticket]])
    await expect(RawTlsClient.connect({ port, offers })).rejects.toThrow(/alert|ended/);
  const second = await RawTlsClient.connect({ port, offers: [other, own] });
  expect(second.selected).toBe(1);
  second.close();
});
