import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dialControl } from '../control/dial.ts';
import { unchecked } from '../control/message.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import { digestOf, serve, sha256 } from '../network/relay/socket-testbed.ts';
import { Nodes } from '../protocol/admin.ts';
import { Hello } from '../protocol/greeting.ts';
import { Join } from '../protocol/join.ts';
import type { MembershipUpdate } from '../protocol/membership.ts';
import { MembershipChanged, Resolve } from '../protocol/membership.ts';
import { createTestbed, open, projectKey, type Testbed, until } from './overlay-testbed.ts';

let bed: Testbed;
const cleanups: Array<() => unknown> = [];

beforeEach(async () => {
  bed = await createTestbed({ resolver: async (name) => (name === 'redis' ? ['127.0.0.1'] : []) });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  await bed.close();
});

async function guest(onConnection: (socket: Socket) => void): Promise<number> {
  const { port, server } = await serve(onConnection);
  cleanups.push(() => server.close());
  return port;
}

test('nodes get ids from 1 on with their addresses, and learn of each other', async () => {
  const web = await bed.join('web');
  const api = await bed.join('api');
  expect([web.nodeId, web.address, api.nodeId, api.address]).toEqual([1, '198.18.0.1', 2, '198.18.0.2']);
  expect(web.overlay).toBe('198.18.0.0/15');
  expect(web.observed).toEqual(web.local);
  await until(web, () => web.members().has(2));
  const seen = { nat: 'none', filtering: 'resetting' };
  const expected = { underlay: '127.0.0.1', direct: true, state: 'up', ports: [], ...seen };
  expect([...web.members().values()]).toEqual([
    { id: 1, address: '198.18.0.1', names: ['web', 'node-1'], ...expected },
    { id: 2, address: '198.18.0.2', names: ['api', 'node-2'], ...expected },
  ]);
  expect([...api.members()]).toEqual([...web.members()]);
});

test('other nodes learn the ports of a node, and forget the node when it leaves', async () => {
  const [web, api] = await Promise.all([bed.join('web'), bed.join('api')]);
  await api.setListening([80, 443]);
  await until(web, () => web.members().get(api.nodeId)?.ports.length === 2);
  await api.leave();
  await until(web, () => web.members().size === 1);
  await expect(api.closed).resolves.toBe('left');
});

test('a node sees only the names on shared networks, and no nodes on other networks', async () => {
  const both = await bed.join('api', {
    networks: { front: ['api', 'api.front'], back: ['api', 'api.back'] },
  });
  const front = await bed.join('web', { networks: { front: ['web'] } });
  const back = await bed.join('db', { networks: { back: ['db'] } });
  await until(both, () => both.members().size === 3);
  expect(front.members().get(both.nodeId)?.names).toEqual(['api', 'api.front', `node-${both.nodeId}`]);
  expect(back.members().get(both.nodeId)?.names).toEqual(['api', 'api.back', `node-${both.nodeId}`]);
  expect(front.members().has(back.nodeId)).toBe(false);
  // Each node asks the seed about every name, so that its own resolver never answers for a hidden one; the
  // seed's answers differ.
  for (const node of [front, back, both])
    expect([...node.gateways()].sort()).toEqual(['cache', 'proxy', 'redis']);
  await expect(back.resolve('proxy')).rejects.toMatchObject({ errno: 'ENOENT' });
  await back.setListening([80]);
  await expect(front.connect(back.address, 80)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(front.resolve('redis')).rejects.toMatchObject({ errno: 'ENOENT' });
  await expect(front.reverse(back.address)).rejects.toMatchObject({ errno: 'ENOENT' });
  await expect(front.reverse(both.address)).resolves.toContain('api');
});

test('reverse() returns the name from the seed’s resolver first, then the names of the node', async () => {
  await bed.close();
  const asked: string[] = [];
  const reverse = async (address: string) => {
    asked.push(address);
    if (asked.length > 2) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    return ['shop-api-1.shop_front', 'another'];
  };
  bed = await createTestbed({ resolver: async () => ['127.0.0.1'], reverse });
  const [web, api] = await Promise.all([bed.join('web'), bed.join('api')]);
  await until(web, () => web.members().size === 2);
  await expect(web.reverse(api.address)).resolves.toEqual([
    'shop-api-1.shop_front',
    'api',
    `node-${api.nodeId}`,
  ]);
  const cache = await bed.join('cache', { networks: { back: ['cache'] } });
  const [redis = ''] = await cache.resolve('redis');
  await expect(cache.reverse(redis)).resolves.toEqual(['shop-api-1.shop_front', 'redis']);
  await expect(web.reverse(api.address)).resolves.toEqual(['api', `node-${api.nodeId}`]);
  expect(asked).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
});

test('a flow carries every byte in both directions, with half-close', async () => {
  const received = Promise.withResolvers<string>();
  const answer = randomBytes(3_000_000);
  const port = await guest(async (socket) => {
    received.resolve(await digestOf(socket));
    socket.end(answer);
  });
  const [web, api] = await Promise.all([bed.join('web'), bed.join('api')]);
  await api.setListening([port]);
  const socket = await open(web, api.address, port);
  const body = randomBytes(5_000_000);
  socket.end(body);
  await expect(digestOf(socket)).resolves.toBe(sha256(answer));
  await expect(received.promise).resolves.toBe(sha256(body));
});

test('a connection to an unreachable target fails with the errno of connect()', async () => {
  const [web, api] = await Promise.all([bed.join('web'), bed.join('api')]);
  await expect(web.connect(api.address, 81)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  await expect(web.connect('198.18.3.7', 80)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await expect(web.connect('198.19.3.7', 80)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  const port = await guest(() => undefined);
  await api.setListening([port]);
  for (const cleanup of cleanups.splice(0)) cleanup();
  await delay(10);
  // The port is known to listen but has closed meanwhile, so the acceptor's errno arrives.
  await expect(web.connect(api.address, port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
});

test('a connection fails with EHOSTUNREACH if the acceptor leaves during the introduction', async () => {
  const web = await bed.join('web');
  const api = await bed.join('api', { introduce: () => new Promise(() => undefined) });
  await api.setListening([80]);
  const connecting = web.connect(api.address, 80);
  connecting.catch(() => undefined);
  await delay(20);
  await api.leave();
  await expect(connecting).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
});

test('unboxed hosts are resolved, named and reached through the seed', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  const web = await bed.join('web', { networks: { back: ['web'] } });
  const [address = ''] = await web.resolve('Redis');
  expect(address).toMatch(/^198\.19\./);
  await expect(web.resolve('redis')).resolves.toEqual([address]);
  await expect(web.reverse(address)).resolves.toEqual(['redis']);
  const socket = await open(web, address, port);
  socket.end('PING');
  expect(String(await once(socket, 'data'))).toBe('PING');
  for (const cleanup of cleanups.splice(0)) cleanup();
  await expect(web.connect(address, port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
});

test('a join with a wrong key, or for another service than that of the key, is refused at once', async () => {
  const identity = newServiceIdentity('web');
  const wrong = { identity, key: pskOf(serviceKey(projectKey, 'api'), identity) };
  await expect(bed.join('web', wrong)).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  const other = { identity, key: pskOf(serviceKey(projectKey, 'web'), identity) };
  await expect(bed.join('api', other)).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
});

test('a connection that has not joined gets no requests served, and is closed', async () => {
  const identity = newServiceIdentity('web');
  const key = pskOf(serviceKey(projectKey, 'web'), identity);
  const session = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
  const join = { role: 'container', service: 'web', networks: {}, hostname: '', container: '', via: '' };
  const local = session.local;
  await expect(session.request(Nodes, {})).rejects.toMatchObject({ errno: 'ENOSYS' });
  await expect(session.request(Resolve, { name: 'redis' })).rejects.toMatchObject({
    errno: 'ENOSYS',
  });
  await expect(session.request(unchecked(Join.number), { ...join, local })).rejects.toMatchObject({
    errno: 'EPROTO',
  });
  await expect(session.request(Hello, { version: 2 })).rejects.toMatchObject({
    errno: 'EPROTONOSUPPORT',
  });
  await session.request(Hello, { version: 1 });
  await expect(session.request(unchecked(Join.number), { ...join, local: 7 })).rejects.toMatchObject({
    errno: 'EINVAL',
  });
  // The connection answers heartbeats, and is closed nevertheless.
  await expect(session.closed).resolves.toBe('the peer closed the connection');
});

test('a node that reads slowly gets a snapshot instead of the changes that it missed', async () => {
  // Many long names fill the sockets' buffers soon. Only the slow node sees them all.
  const names = Array.from({ length: 64 }, (_, index) => `${index}-${'x'.repeat(240)}`);
  const networks = Array.from({ length: 8 }, (_, index) => `network-${index}`);
  const identity = newServiceIdentity('web');
  const key = pskOf(serviceKey(projectKey, 'web'), identity);
  const slow = await dialControl({ host: '127.0.0.1', port: bed.seed.port, identity, key });
  const updates: MembershipUpdate[] = [];
  slow.onNotification(MembershipChanged, (update) => updates.push(update));
  await slow.request(Hello, { version: 1 });
  const join = { role: 'container', service: 'web', hostname: '', container: '', via: '', local: slow.local };
  await slow.request(unchecked(Join.number), {
    ...join,
    networks: Object.fromEntries(networks.map((key) => [key, []])),
  });
  const talkers = await Promise.all(
    networks.map((network) => bed.join('api', { networks: { [network]: names } })),
  );
  slow.pause();
  const last = 150;
  for (let port = 1; port <= last; port += 1) {
    await Promise.all(talkers.map((talker) => talker.setListening([port])));
    await delay(11);
  }
  slow.resume();
  const [talker] = talkers;
  const told = () => updates.flatMap(({ nodes }) => nodes).findLast(({ id }) => id === talker?.nodeId);
  while (told()?.ports[0] !== last) await delay(10);
  expect(updates.filter(({ snapshot }) => snapshot).length).toBeGreaterThan(1);
  expect(updates.length).toBeLessThan(last);
  expect(slow.ended).toBe(false);
  await slow.close();
});

test('a join waits for an absent seed for `retryFor` ms', async () => {
  await bed.stopSeed();
  await expect(bed.join('web', { retryFor: 60 })).rejects.toMatchObject({ code: 'SEED_UNREACHABLE' });
  const joining = bed.join('web', { retryFor: 5000 });
  await delay(60);
  await bed.startSeed();
  await expect(joining).resolves.toMatchObject({ nodeId: 1 });
});
