import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NO_OBSERVER } from '../control/control-observer.ts';
import { dialControl } from '../control/dial.ts';
import { encodeFrame } from '../control/frame.ts';
import { unchecked } from '../control/message.ts';
import { formatIdentity, newNonce, newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { PskOffer } from '../control/raw-tls-testbed/client-hello.ts';
import { RawTlsClient } from '../control/raw-tls-testbed/raw-tls-client.ts';
import type { Session } from '../control/session.ts';
import type { SessionOptions } from '../control/session-options.ts';
import { TLS_OPTIONS } from '../control/tls-options.ts';
import type { Overlay } from '../membership/join.ts';
import { Nodes } from '../protocol/admin.ts';
import { Connect } from '../protocol/flows.ts';
import { Hello } from '../protocol/greeting.ts';
import { Join } from '../protocol/join.ts';
import { Listening } from '../protocol/membership.ts';
import { Forward } from '../protocol/phantom.ts';
import { Punch } from '../protocol/punch.ts';
import { NO_SEED_OBSERVER } from './metrics/seed-observer.ts';
import { config, createTestbed, projectKey, type Testbed, until } from './overlay-testbed.ts';

/**
 * Tests of a compromised container. It has the key of its service, `worker`, and sends whatever it likes. Two
 * other nodes, `web` and `api`, must go on working; most tests check that at their end.
 */

let bed: Testbed;
let web: Overlay;
let api: Overlay;
let events: string[] = [];
const on = { front: ['anything'] };

beforeEach(async () => {
  events = [];
  const observer = {
    ...NO_SEED_OBSERVER,
    ...NO_OBSERVER,
    ended: (how: string) => events.push(how),
    throttled: () => events.push('throttled'),
  };
  const boxed = ['web', 'api', 'worker'].map((service) => ({ service, networks: { front: [service] } }));
  const limits = {
    rate: { frames: { perSecond: 2000, burst: 500 }, bytes: { perSecond: 2 ** 22, burst: 2 ** 22 } },
  };
  bed = await createTestbed({ config: { ...config, boxed }, observer, limits });
  [web, api] = await Promise.all([bed.join('web'), bed.join('api', { introduce: async () => undefined })]);
  await api.setListening([80]);
  await until(web, () => web.members().get(api.nodeId)?.ports.length === 1);
});
afterEach(() => bed.close());

/** Checks that the other nodes are served: changes reach them, and requests are answered. */
async function othersAreWell(): Promise<void> {
  const port = 2000 + Math.floor(Math.random() * 1000);
  await api.setListening([80, port]);
  await until(web, () => web.members().get(api.nodeId)?.ports.includes(port) === true);
  await expect(web.reverse(api.address)).resolves.toContain('api');
  const late = await bed.join('web');
  expect(late.members().has(api.nodeId)).toBe(true);
  await late.leave();
}

function dial(service = 'worker', options: SessionOptions = {}): Promise<Session> {
  const identity = newServiceIdentity(service);
  const key = pskOf(serviceKey(projectKey, 'worker'), identity);
  return dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key, ...options });
}

const joinOf = (session: Session, more: object = {}) => ({
  role: 'container',
  service: 'worker',
  networks: on,
  hostname: 'h',
  container: '',
  local: session.local,
  via: '127.0.0.1',
  ...more,
});

async function joined(more: object = {}): Promise<{ session: Session; reply: Record<string, unknown> }> {
  const session = await dial();
  await session.request(Hello, { version: 1 });
  const reply = await session.request(unchecked(Join.number), joinOf(session, more));
  return { session, reply: { ...(typeof reply === 'object' ? reply : {}) } };
}

test('a container cannot join as another service or as a function, nor act as administrator', async () => {
  await expect(dial('web')).rejects.toMatchObject({ errno: 'EACCES' });
  const admin = formatIdentity({ kind: 'admin', nonce: newNonce() });
  const key = pskOf(serviceKey(projectKey, 'worker'), admin);
  await expect(
    dialControl({ host: '127.0.0.1', port: bed.seed.port, identity: admin, key }),
  ).rejects.toMatchObject({
    errno: 'EACCES',
  });
  const session = await dial();
  await session.request(Hello, { version: 1 });
  for (const more of [{ service: 'web' }, { role: 'function' }])
    await expect(session.request(unchecked(Join.number), joinOf(session, more))).rejects.toMatchObject({
      errno: 'EACCES',
    });
  await expect(session.request(Nodes, {})).rejects.toMatchObject({ errno: 'ENOSYS' });
  await othersAreWell();
});

test('a container cannot use the session ticket of its connection under another identity', async () => {
  const identity = newServiceIdentity('worker');
  const key = pskOf(serviceKey(projectKey, 'worker'), identity);
  const connectWith = (...offers: PskOffer[]) => RawTlsClient.connect({ port: bed.seed.port, offers });
  const own: PskOffer = { identity: Buffer.from(identity), key, kind: 'external' };
  const first = await connectWith(own);
  const ticket = await first.ticket();
  first.close();
  // The seed has no key for these identities, so it goes on to the next offer.
  for (const kind of ['launch/api', 'resume/container/api', 'resume/function/payments']) {
    const text = `${kind}/${api.nodeId}/1/${newNonce()}`;
    const refused: PskOffer = { identity: Buffer.from(text), key: Buffer.alloc(32), kind: 'external' };
    await expect(connectWith(refused, ticket)).rejects.toThrow(/alert/);
  }
  // The seed has a key for the next identity and expects a proof of that key, which the client cannot give.
  const others: PskOffer = { ...own, identity: Buffer.from(newServiceIdentity('web')) };
  await expect(connectWith(others, own)).rejects.toThrow(/alert/);
  await othersAreWell();
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
  const { session, reply } = await joined({ networks: { front: names, back: ['worker'] } });
  const id = Number(reply.nodeId);
  await until(web, () => web.members().has(id));
  expect(web.members().get(id)?.names).toEqual(['worker', 'harmless', `node-${id}`]);
  const redis = await bed.join('redis', { networks: { back: ['redis'] } });
  expect(redis.members().has(id)).toBe(false);
  await session.close();
  await othersAreWell();
});

test('a container cannot return as another node, with a made-up key, or in another role', async () => {
  const { session, reply } = await joined();
  const resume = { identity: '', key: '', ...(typeof reply.resume === 'object' ? reply.resume : {}) };
  await session.close();
  const as = async (identity: string, more: object) => {
    const key = Buffer.from(resume.key, 'hex');
    const again = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
    await again.request(Hello, { version: 1 });
    return again.request(unchecked(Join.number), joinOf(again, more)).finally(() => again.close());
  };
  const other = resume.identity.replace(/\/worker\/\d+\//, `/worker/${api.nodeId}/`);
  expect(other).not.toBe(resume.identity);
  await expect(as(other, {})).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, { role: 'phantom' })).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, { service: 'api' })).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(as(resume.identity, {})).resolves.toMatchObject({ nodeId: reply.nodeId });
  await othersAreWell();
});

test('an oversized request fails with EINVAL, and the connection goes on', async () => {
  const session = await dial();
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
      session.request(unchecked(Join.number), joinOf(session, { networks })),
    ).rejects.toMatchObject({
      errno: 'EINVAL',
    });
  await session.request(unchecked(Join.number), joinOf(session));
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
  await othersAreWell();
});

test('a container cannot direct nodes to other addresses, nor reach nodes on other networks', async () => {
  const { session } = await joined();
  const back = await bed.join('redis', { networks: { back: ['redis'] } });
  await back.setListening([6379]);
  const connect = (address: string, port: number) => session.request(Connect, { address, port });
  await expect(connect(back.address, 6379)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(connect('127.0.0.1', bed.seed.port)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(connect('198.19.255.1', 22)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  const forward = { port: 80, relay: { address: '203.0.113.9', port: 1 }, token: newNonce() };
  await expect(
    session.request(unchecked(Forward.number), { ...forward, origin: { address: '1.2.3.4', port: 1 } }),
  ).rejects.toMatchObject({ errno: 'ENOSYS' });
  const punch = {
    id: newNonce(),
    to: api.address,
    port: 80,
    at: 4000,
    from: { address: '203.0.113.9', port: 1 },
    peer: { address: web.address, port: 1 },
    underWay: true,
  };
  await expect(session.request(Punch, punch)).rejects.toMatchObject({ errno: 'EACCES' });
  await session.close();
  await othersAreWell();
});

test('floods of requests slow down only the node that sends them', async () => {
  const { session } = await joined();
  const flood = Array.from({ length: 1000 }, (_, index) =>
    session.request(Connect, { address: api.address, port: index + 100 }).catch((error: unknown) => error),
  );
  const listening = Array.from({ length: 20 }, (_, index) =>
    session.request(Listening, { ports: [index + 1] }).catch((error: unknown) => error),
  );
  await othersAreWell();
  await Promise.all([...flood, ...listening]);
  expect(events).toContain('throttled');
  expect(web.members().get(api.nodeId)?.state).toBe('up');
  await session.close();
});

test('a container cannot use up the node ids: too many joins fail with EAGAIN', async () => {
  const attempts: string[] = [];
  for (let count = 0; count < 80; count++) {
    const { session } = await joined().catch((error: unknown) => {
      attempts.push(String(Reflect.get(Object(error), 'errno')));
      return { session: undefined };
    });
    await session?.close();
  }
  expect(new Set(attempts)).toEqual(new Set(['EAGAIN']));
});

async function rawTls(): Promise<TLSSocket> {
  const identity = newServiceIdentity('worker');
  const psk = pskOf(serviceKey(projectKey, 'worker'), identity);
  const socket = connectTls({
    ...TLS_OPTIONS,
    host: '127.0.0.1',
    port: bed.seed.port,
    pskCallback: () => ({ psk, identity }),
    checkServerIdentity: () => undefined,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

test.each([
  ['garbage', Buffer.alloc(4096, 0xa5)],
  ['a frame of another version', Buffer.from([0, 0, 0, 8, 1, 9, 0, 0, 0, 0, 0, 1])],
  ['a frame that is not JSON', encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('{"version":') })],
  ['deeply nested JSON', encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('['.repeat(500_000)) })],
])('%s ends its own connection and no other', async (_name, bytes) => {
  const socket = await rawTls();
  socket.resume();
  socket.write(bytes);
  await once(socket, 'close');
  expect(events).toEqual(['malformed']);
  await othersAreWell();
});

test('a node that never reads is dropped', async () => {
  const socket = await rawTls();
  socket.pause();
  const session = encodeFrame({
    type: Hello.number,
    flags: 0,
    id: 1,
    body: Buffer.from('{"version":1}'),
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const ask = encodeFrame({ type: 99, flags: 0, id: 7, body: Buffer.from('{}') });
  socket.write(session);
  const timer = setInterval(
    () => socket.writable && socket.writableLength < 1e6 && socket.write(Buffer.from(ask)),
    1,
  );
  await othersAreWell();
  // The connection has not joined, so the seed closes it.
  await closed;
  clearInterval(timer);
});

test('connections without a key cannot keep nodes out', async () => {
  const strangers = Array.from({ length: 300 }, () =>
    connectTcp({ port: bed.seed.port, host: '127.0.0.1', localAddress: '127.0.0.9' }).on(
      'error',
      () => undefined,
    ),
  );
  await Promise.all(strangers.map((socket) => once(socket, 'connect')));
  await othersAreWell();
  for (const socket of strangers) socket.destroy();
});
