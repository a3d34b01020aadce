import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Overlay } from '../membership/join.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import { fateOf, serve } from '../network/relay/socket-testbed.ts';
import { queryNodes } from './admin/nodes-command.ts';
import { createTestbed, open, projectKey, type Testbed, until } from './overlay-testbed.ts';

let bed: Testbed;

beforeEach(async () => {
  bed = await createTestbed({ resolver: async () => ['127.0.0.1'] });
});
afterEach(() => bed.close());

const statuses = () => queryNodes({ port: bed.seed.port, projectKey });

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await check()) return;
    await delay(20);
  }
  throw new Error('did not come true');
}

const identityOf = ({ nodeId, address }: Overlay) => ({ nodeId, address });

/** Returns a function that reads the smallest number of members that the node has seen from now on. */
function fewestMembers(overlay: Overlay): () => number {
  let fewest = overlay.members().size;
  overlay.onChange(() => {
    fewest = Math.min(fewest, overlay.members().size);
  });
  return () => fewest;
}

test('after a restart of the seed all nodes have their ids, and none has seen another leave', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await bed.join('web', { networks: { front: ['web'], back: ['web'] } });
  const api = await bed.join('api');
  await api.setListening([echo.port]);
  const phantom = await bed.join('worker', {
    join: {
      role: 'phantom',
      service: 'worker',
      networks: { front: ['worker'] },
      hostname: '',
      container: 'c',
    },
  });
  const launch = await phantom.launch();
  const worker = await bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { role: 'function', service: 'worker', networks: {}, hostname: '', container: '' },
  });
  await worker.setListening([echo.port]);
  const [redis = ''] = await web.resolve('redis');
  await until(web, () => web.members().get(worker.nodeId)?.ports.length === 1);
  const before = [web, api, phantom, worker].map(identityOf);
  const fewest = [web, worker].map(fewestMembers);

  await bed.stopSeed();
  await delay(100);
  await api.setListening([echo.port, 99]); // The seed is away; it gets this when it is back.
  const patient = web.connect(worker.address, echo.port); // This request waits for the seed.
  patient.catch(() => undefined);
  await bed.startSeed();

  await eventually(async () => {
    const nodes = await statuses();
    return nodes.length === 3 && nodes.every(({ state, names }) => state === 'up' && names.length > 1);
  });
  expect([web, api, phantom, worker].map(identityOf)).toEqual(before);
  expect((await statuses()).map(({ service, ports }) => [service, ports])).toEqual([
    ['web', []],
    ['api', [echo.port, 99]],
    ['worker', [echo.port]],
  ]);
  expect(fewest.map((read) => read())).toEqual([3, 3]);
  // The request may have been refused if the far end was not back yet; later requests succeed.
  await patient.catch((error: unknown) => expect(error).toMatchObject({ errno: 'EHOSTUNREACH' }));
  const socket = await open(web, worker.address, echo.port);
  socket.destroy();
  // An unboxed host keeps the address that guests remember, although this seed has not resolved its name yet.
  const again = await open(web, redis, echo.port);
  again.destroy();
  await expect(web.resolve('redis')).resolves.toEqual([redis]);
  // New nodes do not get the ids of old ones.
  await expect(bed.join('late')).resolves.toMatchObject({ nodeId: 4 });
  echo.server.close();
});

test('a restarted seed accepts launches that the last one gave out', async () => {
  const phantom = await bed.join('worker', {
    join: {
      role: 'phantom',
      service: 'worker',
      networks: { front: ['worker'] },
      hostname: '',
      container: 'c',
    },
  });
  const launch = await phantom.launch();
  await bed.stopSeed();
  await bed.startSeed();
  const worker = await bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { role: 'function', service: 'worker', networks: {}, hostname: '', container: '' },
  });
  expect(worker.nodeId).toBe(phantom.nodeId);
  await until(worker, () => worker.members().get(worker.nodeId)?.names.includes('worker') === true);
});

test('a node that falls silent is given up, and can return under its id', async () => {
  await bed.close();
  bed = await createTestbed({ heartbeat: { interval: 20, suspect: 3, dead: 5 } });
  // A proxy between the node and the seed, like a NAT. While it holds bytes back, the node looks frozen.
  const carried: Socket[] = [];
  const between = await serve((near) => {
    const far = connect(bed.seed.port, '127.0.0.1');
    carried.push(near, far);
    void pipeFlow(near, far);
  });
  const api = await bed.join('api');
  const web = await bed.join('web', { seed: { host: '127.0.0.1', port: between.port } });
  await web.setListening([7]);
  await until(api, () => api.members().get(2)?.ports[0] === 7);
  expect(api.members().get(2)).toMatchObject({ direct: false });
  const echo = await serve((socket) => socket.pipe(socket));
  await api.setListening([echo.port]);
  const fate = fateOf(await open(web, api.address, echo.port));
  for (const socket of carried) socket.pause();
  await until(api, () => !api.members().has(2));
  // Without this reset the peers would wait forever, as a frozen host ends no connection.
  await expect(fate).resolves.toBe('ECONNRESET');
  echo.server.close();
  for (const socket of carried.splice(0)) socket.destroy();
  await until(api, () => api.members().get(2)?.ports[0] === 7);
  expect(web.nodeId).toBe(2);
  between.server.close();
});

test('a node whose process dies is removed when its connection closes, without a heartbeat', async () => {
  await bed.close();
  bed = await createTestbed({ heartbeat: { interval: 1_000_000, suspect: 3, dead: 4 } });
  const between = await serve((near) => void pipeFlow(near, connect(bed.seed.port, '127.0.0.1')));
  const ends: Socket[] = [];
  between.server.on('connection', (socket) => ends.push(socket));
  const api = await bed.join('api');
  const stop = new AbortController();
  const web = await bed.join('web', { seed: { host: '127.0.0.1', port: between.port }, signal: stop.signal });
  await until(api, () => api.members().has(web.nodeId));
  // The kernel resets the connections of a killed process in the same way.
  between.server.close();
  for (const socket of ends) socket.resetAndDestroy();
  await until(api, () => !api.members().has(web.nodeId));
  stop.abort();
});

test('a node that is refused when it returns ends, and reports the reason', async () => {
  const web = await bed.join('web');
  await bed.stopSeed();
  await bed.startSeed({ projectKey: Buffer.alloc(32, 6) });
  await expect(web.closed).resolves.toMatch(/refused/);
  await expect(web.resolve('redis')).rejects.toMatchObject({ errno: 'ENETDOWN' });
});
