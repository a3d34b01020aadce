import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loggerInto } from '../log/logger-testbed.ts';
import type { Overlay } from '../membership/join.ts';
import { serve } from '../network/relay/socket-testbed.ts';
import { queryNodes } from './admin/nodes-command.ts';
import { config, createTestbed, open, projectKey, type Testbed, until } from './overlay-testbed.ts';

/** Tests of the state that a seed keeps over a restart. */
let bed: Testbed;
let folder: string;
const lines: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-seed-'));
  lines.length = 0;
  bed = await createTestbed({
    config: { ...config, store: { folder } },
    resolver: async () => ['127.0.0.1'],
    log: loggerInto(lines),
  });
});
afterEach(async () => {
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
});

const statuses = () => queryNodes({ port: bed.seed.port, projectKey });
const restart = async (gap = 0) => {
  await bed.stopSeed();
  await delay(gap);
  await bed.startSeed();
};
const phantomOf = (service: string) =>
  bed.join(service, {
    join: { role: 'phantom', service, networks: { front: [service] }, hostname: '', container: 'c' },
  });
const functionOf = (launch: { identity: string; key: string }, claim?: string): Promise<Overlay> =>
  bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    claim,
    join: { role: 'function', service: 'worker', networks: {}, hostname: '', container: '' },
  });

test('a new node does not get the id of a node that has not returned yet', async () => {
  const web = await bed.join('web');
  const phantom = await phantomOf('worker');
  await phantom.leave();
  await bed.stopSeed();
  const late = bed.join('late', { retryFor: 5000 });
  await bed.startSeed();
  await expect(late).resolves.toMatchObject({ nodeId: 3 });
  await until(web, () => web.members().has(3));
  expect(web.nodeId).toBe(1);
});

test('a used launch stays used after a restart of the seed', async () => {
  const phantom = await phantomOf('worker');
  const launch = await phantom.launch();
  await functionOf(launch);
  await restart();
  await expect(functionOf(launch)).rejects.toMatchObject({ code: 'LAUNCH_USED' });
  const next = await phantom.launch();
  await restart();
  // The launch was not used, so it is still valid, once.
  await expect(functionOf(next)).resolves.toMatchObject({ nodeId: phantom.nodeId });
  await expect(functionOf(next)).rejects.toMatchObject({
    code: 'LAUNCH_USED',
    message: expect.stringContaining('this launch has been used'),
  });
});

test('a process that missed the reply to its join may repeat it, and no other process may', async () => {
  const launch = await (await phantomOf('worker')).launch();
  await functionOf(launch, 'a'.repeat(32));
  await restart();
  await expect(functionOf(launch, 'b'.repeat(32))).rejects.toMatchObject({ code: 'LAUNCH_USED' });
  await expect(functionOf(launch, 'a'.repeat(32))).resolves.toMatchObject({ nodeId: 1 });
});

test('an earlier function of a node is refused after a restart of the seed', async () => {
  const phantom = await phantomOf('worker');
  const old = await phantom.launch();
  await delay(2);
  const launch = await phantom.launch();
  await functionOf(launch);
  await restart();
  await expect(functionOf(old)).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  // The reply comes from the restarted seed, so the phantom is connected again.
  await phantom.resolve('nobody').catch(() => undefined);
  await phantom.leave();
  await restart();
  await expect(functionOf(launch)).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
});

test('names, ports and start time of a node survive a restart of the seed', async () => {
  const web = await bed.join('web');
  const phantom = await phantomOf('worker');
  const worker = await functionOf(await phantom.launch());
  await worker.setListening([80]);
  await until(web, () => web.members().get(worker.nodeId)?.ports.length === 1);
  const before = await statuses();
  const seen: unknown[] = [];
  web.onChange(() => seen.push(web.members().get(worker.nodeId)));
  await restart(100);
  await until(web, () => web.members().size === 2 && seen.length > 2);
  // A node keeps its members for a while, but the seed has to wait for the nodes to return.
  while ((await statuses()).length < before.length) await delay(10);
  await expect(statuses()).resolves.toEqual(before);
  for (const member of seen)
    expect(member).toMatchObject({ names: ['worker', 'node-2'], ports: [80], state: 'up' });
});

test('a connection to a node that has not returned yet waits for the node', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await bed.join('web');
  const api = await bed.join('api');
  await api.setListening([echo.port]);
  for (let round = 0; round < 3; round += 1) {
    await bed.stopSeed();
    const connecting = open(web, api.address, echo.port);
    await bed.startSeed();
    (await connecting).destroy();
  }
  echo.server.close();
});

test('unboxed hosts keep their addresses and names over a restart of the seed', async () => {
  const web = await bed.join('web', { networks: { back: ['web'] } });
  const [redis = ''] = await web.resolve('redis');
  await restart();
  await expect(web.reverse(redis)).resolves.toEqual(['redis']);
  await expect(web.resolve('redis')).resolves.toEqual([redis]);
});

test('a seed does not use the store of another project', async () => {
  await bed.join('web');
  await bed.stopSeed();
  await bed.startSeed({ config: { ...config, store: { folder }, overlay: '10.0.0.0/15' } });
  expect(lines).toContainEqual(expect.stringContaining('belongs to another project, key or overlay range'));
  await expect(statuses()).resolves.toEqual([]);
});

test('a node that the seed does not know is refused and ends', async () => {
  const web = await bed.join('web');
  await bed.stopSeed();
  await bed.startSeed({ config: { ...config, store: { folder: join(folder, 'another') } } });
  await expect(web.closed).resolves.toMatch(/node 1 is not known/);
  await expect(statuses()).resolves.toEqual([]);
});

test('a seed whose store cannot be used fails to start and names the store', async () => {
  await bed.stopSeed();
  await expect(
    bed.startSeed({ config: { ...config, store: { folder: '/dev/null/store' } } }),
  ).rejects.toMatchObject({ code: 'STORE', message: expect.stringContaining('/dev/null/store/seed.db') });
  await bed.startSeed();
});
