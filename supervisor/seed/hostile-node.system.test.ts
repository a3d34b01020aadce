import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dialControl } from '../control/dial.ts';
import { unchecked } from '../control/message.ts';
import { formatIdentity, newNonce, newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { PskOffer } from '../control/raw-tls-testbed/client-hello.ts';
import { RawTlsClient } from '../control/raw-tls-testbed/raw-tls-client.ts';
import { Nodes } from '../protocol/admin.ts';
import { Connect } from '../protocol/flows.ts';
import { Hello } from '../protocol/greeting.ts';
import { Join } from '../protocol/join.ts';
import { Listening } from '../protocol/membership.ts';
import { Forward } from '../protocol/phantom.ts';
import { Punch } from '../protocol/punch.ts';
import { HostileTestbed } from './hostile-testbed.ts';
import { projectKey, until } from './overlay-testbed.ts';

/**
 * Tests of a compromised container. It has the key of its service, `worker`, and asks for whatever it likes.
 * Two other nodes, `web` and `api`, must go on working; most tests check that at their end.
 */

let hostile: HostileTestbed;

beforeEach(async () => {
  hostile = await HostileTestbed.start();
});
afterEach(() => hostile.bed.close());

test('a container cannot join as another service or as a function, nor act as administrator', async () => {
  await expect(hostile.dial('web')).rejects.toMatchObject({ errno: 'EACCES' });
  const admin = formatIdentity({ kind: 'admin', nonce: newNonce() });
  const key = pskOf(serviceKey(projectKey, 'worker'), admin);
  await expect(
    dialControl({ host: '127.0.0.1', port: hostile.bed.seed.port, identity: admin, key }),
  ).rejects.toMatchObject({
    errno: 'EACCES',
  });
  const session = await hostile.dial();
  await session.request(Hello, { version: 1 });
  for (const more of [{ service: 'web' }, { role: 'function' }])
    await expect(
      session.request(unchecked(Join.number), hostile.joinOf(session, more)),
    ).rejects.toMatchObject({
      errno: 'EACCES',
    });
  await expect(session.request(Nodes, {})).rejects.toMatchObject({ errno: 'ENOSYS' });
  await hostile.othersAreWell();
});

test('a container cannot use the session ticket of its connection under another identity', async () => {
  const identity = newServiceIdentity('worker');
  const key = pskOf(serviceKey(projectKey, 'worker'), identity);
  const connectWith = (...offers: PskOffer[]) =>
    RawTlsClient.connect({ port: hostile.bed.seed.port, offers });
  const own: PskOffer = { identity: Buffer.from(identity), key, kind: 'external' };
  const first = await connectWith(own);
  const ticket = await first.ticket();
  first.close();
  // The seed has no key for these identities, so it goes on to the next offer.
  for (const kind of ['launch/api', 'resume/container/api', 'resume/function/payments']) {
    const text = `${kind}/${hostile.api.nodeId}/1/${newNonce()}`;
    const refused: PskOffer = { identity: Buffer.from(text), key: Buffer.alloc(32), kind: 'external' };
    await expect(connectWith(refused, ticket)).rejects.toThrow(/alert/);
  }
  // The seed has a key for the next identity and expects a proof of that key, which the client cannot give.
  const others: PskOffer = { ...own, identity: Buffer.from(newServiceIdentity('web')) };
  await expect(connectWith(others, own)).rejects.toThrow(/alert/);
  await hostile.othersAreWell();
});

test('a container gets neither names nor networks of other services', async () => {
  const names = [
    'worker',
    'web',
    'api',
    'redis',
    'localhost',
    'node-1',
    'bank.example',
    'shop-api-1',
    'harmless',
  ];
  const { session, reply } = await hostile.joined({ networks: { front: names, back: ['worker'] } });
  const id = Number(reply.nodeId);
  await until(hostile.web, () => hostile.web.members().has(id));
  expect(hostile.web.members().get(id)?.names).toEqual(['worker', 'harmless', `node-${id}`]);
  const redis = await hostile.bed.join('redis', { networks: { back: ['redis'] } });
  expect(redis.members().has(id)).toBe(false);
  await session.close();
  await hostile.othersAreWell();
});

test('a container cannot return as another node, with a made-up key, or in another role', async () => {
  const { session, reply } = await hostile.joined();
  const resume = { identity: '', key: '', ...(typeof reply.resume === 'object' ? reply.resume : {}) };
  await session.close();
  const as = async (identity: string, more: object) => {
    const key = Buffer.from(resume.key, 'hex');
    const again = await dialControl({ host: '127.0.0.1', port: hostile.bed.seed.port, identity, key });
    await again.request(Hello, { version: 1 });
    return again.request(unchecked(Join.number), hostile.joinOf(again, more)).finally(() => again.close());
  };
  const other = resume.identity.replace(/\/worker\/\d+\//, `/worker/${hostile.api.nodeId}/`);
  expect(other).not.toBe(resume.identity);
  await expect(as(other, {})).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, { role: 'phantom' })).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, { service: 'api' })).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, {})).resolves.toMatchObject({ nodeId: reply.nodeId });
  await hostile.othersAreWell();
});

test('an oversized request fails with EINVAL, and the connection goes on', async () => {
  const session = await hostile.dial();
  await session.request(Hello, { version: 1 });
  const long = Array.from({ length: 64 }, (_, index) => `${index}${'x'.repeat(250)}`);
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`n${index}`, []]));
  for (const networks of [
    { front: [...long, 'one-more'] },
    { front: long, back: long },
    many,
    [],
    'front',
    null,
  ])
    await expect(
      session.request(unchecked(Join.number), hostile.joinOf(session, { networks })),
    ).rejects.toMatchObject({
      errno: 'EINVAL',
    });
  await session.request(unchecked(Join.number), hostile.joinOf(session));
  const ports = Array.from({ length: 4097 }, (_, index) => index + 1);
  for (const wrong of [ports, [0], [65_536], [1.5], 'all', { length: 3 }])
    await expect(session.request(unchecked(Listening.number), { ports: wrong })).rejects.toMatchObject({
      errno: 'EINVAL',
    });
  await expect(session.request(unchecked(99), {})).rejects.toMatchObject({ errno: 'ENOSYS' });
  // Unknown fields may come from a later version and are no reason to refuse.
  await expect(session.request(unchecked(Listening.number), { ports: [1], colour: 'red' })).resolves.toEqual(
    {},
  );
  await session.close();
  await hostile.othersAreWell();
});

test('a container cannot direct nodes to other addresses, nor reach nodes on other networks', async () => {
  const { session } = await hostile.joined();
  const back = await hostile.bed.join('redis', { networks: { back: ['redis'] } });
  await back.setListening([6379]);
  const connect = (address: string, port: number) => session.request(Connect, { address, port });
  await expect(connect(back.address, 6379)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(connect('127.0.0.1', hostile.bed.seed.port)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(connect('198.19.255.1', 22)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  const forward = { port: 80, relay: { address: '203.0.113.9', port: 1 }, token: newNonce() };
  await expect(
    session.request(unchecked(Forward.number), { ...forward, origin: { address: '1.2.3.4', port: 1 } }),
  ).rejects.toMatchObject({ errno: 'ENOSYS' });
  const punch = {
    id: newNonce(),
    to: hostile.api.address,
    port: 80,
    at: 4000,
    from: { address: '203.0.113.9', port: 1 },
    peer: { address: hostile.web.address, port: 1 },
    underWay: true,
  };
  await expect(session.request(Punch, punch)).rejects.toMatchObject({ errno: 'EACCES' });
  await session.close();
  await hostile.othersAreWell();
});
