import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Duty, Overlay } from '../membership/join.ts';
import { serve } from '../network/relay/socket-testbed.ts';
import { tableViewOf } from '../network/table-view.ts';
import { queryNodes } from './admin/nodes-command.ts';
import { config, createTestbed, open, projectKey, type Testbed, until } from './overlay-testbed.ts';

let bed: Testbed;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-seed-'));
  bed = await createTestbed({ config: { ...config, store: { folder } } });
});
afterEach(async () => {
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Joins a phantom and its function. The phantom reports `said.duty` whenever it joins. */
async function replica(duty: Duty) {
  const said = { duty };
  const identity = { service: 'worker', networks: { front: ['worker', 'h'] }, hostname: 'h', container: 'c' };
  const phantom = await bed.join('worker', {
    join: {
      role: 'phantom',
      ...identity,
      get duty() {
        return said.duty;
      },
    },
  });
  const launch = await phantom.launch();
  const node = await bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { role: 'function', ...identity, networks: {}, container: '' },
  });
  return { phantom, node, said };
}

const named = (viewer: Overlay, name = 'worker') =>
  tableViewOf(viewer, 'h', true)
    .names.filter((entry) => entry.name === name)
    .map((entry) => entry.overlay);
const states = async () =>
  (await queryNodes({ port: bed.seed.port, projectKey })).map(({ id, state }) => `${id} ${state}`);

test('a name moves from one node to another, and leads to a node at all times', async () => {
  const web = await bed.join('web');
  const old = await replica('active');
  await until(web, () => named(web).length === 1);
  const seen: unknown[][] = [];
  web.onChange(() => seen.push(named(web)));
  const next = await replica('standby');
  await until(web, () => web.members().get(next.node.nodeId)?.state === 'standby');
  expect(await states()).toEqual(['1 up', '2 up', '3 standby']);
  expect(named(web)).toEqual([old.node.address]);
  expect(named(web, 'node-3')).toEqual([next.node.address]);

  await next.phantom.setDuty('active');
  await until(old.phantom, () => old.phantom.members().get(3)?.state === 'up');
  await old.phantom.setDuty('draining');
  await until(web, () => web.members().get(2)?.state === 'draining');
  expect(await states()).toEqual(['1 up', '2 draining', '3 up']);
  expect(named(web)).toEqual([next.node.address]);
  expect(seen.filter((addresses) => addresses.length === 0)).toEqual([]);
  // The draining node can still be reached by its address and by `node-<id>`.
  expect(named(web, 'node-2')).toEqual([old.node.address]);
  const { port, server } = await serve((socket) => socket.end());
  const socket = await open(web, old.node.address, port);
  socket.destroy();
  server.close();
});

test('each of two nodes with the same host name resolves the name to itself', async () => {
  const old = await replica('active');
  const next = await replica('standby');
  await until(old.node, () => old.node.members().has(2));
  await until(next.node, () => next.node.members().has(1));
  // The old node resolves the host name to itself as soon as it drains.
  await old.phantom.setDuty('draining');
  await until(old.node, () => old.node.members().get(1)?.state === 'draining');
  expect(named(next.node, 'h')).toEqual([next.node.address]);
  expect(named(old.node, 'h')).toEqual([old.node.address]);
});

test.each(['standby', 'draining'] as const)(
  'after a restart of the seed, a node that is %s does not have the name of its service',
  async (duty) => {
    const web = await bed.join('web');
    const other = await replica('active');
    const apart = await replica('standby');
    apart.said.duty = duty;
    await apart.phantom.setDuty(duty);
    await until(web, () => web.members().get(3)?.state === duty);
    const seen = new Set<string>();
    web.onChange(() => seen.add(named(web).join()));
    await bed.stopSeed();
    await bed.startSeed();
    const back = ['1 up', '2 up', `3 ${duty}`];
    while ((await states()).join() !== back.join()) await delay(10);
    // This change is sent after all changes of the other nodes.
    await web.setListening([80]);
    await until(web, () => web.members().get(1)?.ports[0] === 80);
    expect([...seen]).toEqual([other.node.address]);
  },
);

test('containers and functions cannot set a duty', async () => {
  const { node } = await replica('active');
  await expect(node.setDuty('draining')).rejects.toMatchObject({ code: 'ENOSYS' });
  const container = await bed.join('web', {
    join: {
      role: 'container',
      service: 'web',
      networks: { front: ['web'] },
      hostname: '',
      container: '',
      duty: 'standby',
    },
  });
  expect((await states()).at(-1)).toBe(`${container.nodeId} up`);
});
