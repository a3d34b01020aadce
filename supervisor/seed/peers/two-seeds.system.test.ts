import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Overlay } from '../../membership/join.ts';
import { serve } from '../../network/relay/socket-testbed.ts';
import { queryNodes } from '../admin/nodes-command.ts';
import { createTestbed, open, projectKey, type Testbed, until } from '../overlay-testbed.ts';
import type { Store } from '../store/store.ts';
import { natsPlace } from '../store/store-testbed.ts';

/** Tests with two seeds that share a cluster of three real NATS servers. */
let place: Awaited<ReturnType<typeof natsPlace>>;
let stores: Store[];
let one: Testbed;
let two: Testbed;

beforeAll(async () => {
  place = await natsPlace(3);
});
afterAll(() => place.close(), 60_000);
beforeEach(async () => {
  stores = [await place.open(), await place.open()];
  const resolver = async () => ['127.0.0.1'];
  [one, two] = [
    await createTestbed({ store: stores[0], resolver }),
    await createTestbed({ store: stores[1], resolver }),
  ];
});
afterEach(async () => {
  await one.close();
  await two.close();
  for (const store of stores) await store.close();
  await place.clear();
});

const phantomAt = (bed: Testbed) =>
  bed.join('worker', {
    join: {
      role: 'phantom',
      service: 'worker',
      networks: { front: ['worker'] },
      hostname: '',
      container: 'c',
    },
  });
const functionAt = (bed: Testbed, launch: { identity: string; key: string }): Promise<Overlay> =>
  bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { role: 'function', service: 'worker', networks: {}, hostname: '', container: '' },
  });
const statuses = (bed: Testbed) => queryNodes({ port: bed.seed.port, projectKey });

test('nodes of two seeds see each other and have different ids', async () => {
  const joined = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).join(`service-${index}`)),
  );
  expect(new Set(joined.map(({ nodeId }) => nodeId)).size).toBe(20);
  await Promise.all(joined.map((node) => until(node, () => node.members().size === 20)));
  const [first, second] = joined;
  await second?.setListening([80]);
  await until(first as Overlay, () => first?.members().get(second?.nodeId ?? 0)?.ports[0] === 80);
  await second?.leave();
  await until(first as Overlay, () => first?.members().size === 19);
});

test('a connection reaches a node of the other seed and carries every byte', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await one.join('web');
  const api = await two.join('api');
  await api.setListening([echo.port]);
  await until(web, () => web.members().get(api.nodeId)?.ports[0] === echo.port);
  const socket = await open(web, api.address, echo.port);
  socket.end('hello');
  expect(String(await once(socket, 'data'))).toBe('hello');
  await expect(web.connect(api.address, 1)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  echo.server.close();
});

test('a launch is valid for one function, whichever seed it joins', async () => {
  const phantom = await phantomAt(one);
  const launch = await phantom.launch();
  const outcomes = await Promise.allSettled([functionAt(one, launch), functionAt(two, launch)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(refused?.status === 'rejected' && refused.reason).toMatchObject({ code: 'LAUNCH_USED' });
});

test('an unboxed host has the same overlay address at both seeds', async () => {
  const networks = { back: ['x'] };
  const [web, api] = await Promise.all([one.join('web', { networks }), two.join('api', { networks })]);
  const addresses = await Promise.all([web.resolve('redis'), api.resolve('redis')]);
  expect(addresses[0]).toEqual(addresses[1]);
});

test('when a seed is killed, its nodes join the other under their ids; none is seen to leave', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await one.join('web');
  const api = await two.join('api');
  const phantom = await phantomAt(one);
  const worker = await functionAt(one, await phantom.launch());
  await worker.setListening([echo.port]);
  await until(api, () => api.members().get(worker.nodeId)?.ports.length === 1 && api.members().size === 3);
  const before = await statuses(two);
  const ids = [web, phantom, worker].map(({ nodeId, address }) => [nodeId, address]);
  let smallest = 3;
  api.onChange(() => {
    smallest = Math.min(smallest, api.members().size);
  });
  await one.stopSeed();
  // This connection is requested while the worker changes its seed.
  const socket = await open(api, worker.address, echo.port);
  socket.end('hi');
  expect(String(await once(socket, 'data'))).toBe('hi');
  await web.resolve('nobody').catch(() => undefined);
  expect([web, phantom, worker].map(({ nodeId, address }) => [nodeId, address])).toEqual(ids);
  await until(web, () => web.members().size === 3);
  await expect(statuses(two)).resolves.toEqual(before);
  await one.startSeed();
  const late = await one.join('late');
  expect(late.nodeId).toBe(4);
  await until(web, () => web.members().size === 4);
  expect(smallest).toBe(3);
  echo.server.close();
});

test('a node that does not return after its seed has gone disappears for the others', async () => {
  const api = await two.join('api');
  const web = await one.join('web');
  await until(api, () => api.members().size === 2);
  const stopped = one.stopSeed();
  await web.leave();
  await stopped;
  await until(api, () => api.members().size === 1);
  await one.startSeed();
});

test('while the store is away, connections go on, and joins fail in time or wait for the store', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await one.join('web');
  const api = await one.join('api');
  await api.setListening([echo.port]);
  for (const index of [0, 1, 2]) place.bed.freeze(index);
  (await open(web, api.address, echo.port)).destroy();
  const started = Date.now();
  await expect(one.join('late', { retryFor: 100 })).rejects.toMatchObject({
    code: 'SEED_UNREACHABLE',
    message: expect.stringContaining('the store is away'),
  });
  expect(Date.now() - started).toBeLessThan(6000);
  const patient = one.join('late', { retryFor: 30_000 });
  await delay(100);
  for (const index of [0, 1, 2]) place.bed.thaw(index);
  await patient;
  await until(web, () => web.members().size === 3);
  echo.server.close();
});

test('nodes join while one of three NATS servers is dead', async () => {
  const web = await one.join('web');
  await place.bed.kill(1);
  const api = await two.join('api', { retryFor: 30_000 });
  await until(web, () => web.members().has(api.nodeId));
  await place.bed.start(1);
});

test('a name moves to a node whose phantom and function are connected to different seeds', async () => {
  const viewers = await Promise.all([one.join('web'), two.join('api')]);
  const phantomOf = (bed: Testbed, duty: 'active' | 'standby') =>
    bed.join('worker', {
      join: {
        ...{ role: 'phantom', service: 'worker', networks: { front: ['worker'] } },
        ...{ hostname: '', container: 'c', duty },
      },
    });
  const old = await phantomOf(one, 'active');
  await functionAt(two, await old.launch());
  const next = await phantomOf(two, 'standby');
  await functionAt(one, await next.launch());
  const named = (viewer: Overlay) =>
    [...viewer.members().values()].filter(({ names, state }) => state === 'up' && names.includes('worker'));
  const isNamed = (viewer: Overlay, { nodeId }: Overlay) =>
    until(viewer, () => named(viewer).length === 1 && named(viewer)[0]?.id === nodeId);
  await Promise.all(
    viewers.map((viewer) => until(viewer, () => viewer.members().get(next.nodeId)?.state === 'standby')),
  );
  await Promise.all(viewers.map((viewer) => isNamed(viewer, old)));
  await next.setDuty('active');
  await until(old, () => old.members().get(next.nodeId)?.state === 'up');
  await old.setDuty('draining');
  await Promise.all(viewers.map((viewer) => isNamed(viewer, next)));
  expect(viewers.map((viewer) => viewer.members().get(old.nodeId)?.state)).toEqual(['draining', 'draining']);
});
