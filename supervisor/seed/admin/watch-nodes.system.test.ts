import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NodeEvent } from '../../published/node-config.ts';
import { createTestbed, projectKey, type Testbed } from '../overlay-testbed.ts';
import { followNodes } from './nodes-command.ts';

let bed: Testbed;
beforeEach(async () => {
  bed = await createTestbed();
});
afterEach(() => bed.close());

test('an administrator gets every node, then every change', async () => {
  const web = await bed.join('web');
  const events = new PassThrough({ objectMode: true });
  const stop = new AbortController();
  const following = followNodes(
    { port: bed.seed.port, projectKey, signal: stop.signal },
    (event) => void events.write(event),
  );
  const next = async (): Promise<NodeEvent> => events.read() ?? (await once(events, 'readable').then(next));
  expect(await next()).toMatchObject({ event: 'up', node: { id: web.nodeId, service: 'web' } });
  const api = await bed.join('api');
  // A node exists as soon as it has an id; its supervisor is attached in the same turn of the event loop.
  expect(await next()).toMatchObject({ event: 'starting', node: { id: api.nodeId } });
  expect(await next()).toMatchObject({ event: 'up', node: { id: api.nodeId, ports: [] } });
  await api.setListening([80]);
  expect(await next()).toMatchObject({ event: 'changed', node: { id: api.nodeId, ports: [80] } });
  await api.leave();
  expect(await next()).toMatchObject({
    event: 'left',
    node: { id: api.nodeId, service: 'api', ports: [80] },
  });
  stop.abort();
  await following;
});

test('followNodes() resolves when the seed ends', async () => {
  await bed.join('web');
  const told = Promise.withResolvers<NodeEvent>();
  const following = followNodes({ port: bed.seed.port, projectKey }, told.resolve);
  expect(await told.promise).toMatchObject({ event: 'up' });
  await bed.stopSeed();
  await following;
});

test('followNodes() waits for a seed that does not listen yet', async () => {
  const { port } = bed.seed;
  await bed.stopSeed();
  const told = Promise.withResolvers<NodeEvent>();
  const stop = new AbortController();
  const following = followNodes({ port, projectKey, signal: stop.signal }, told.resolve);
  await Promise.race([delay(100), following]);
  await bed.startSeed();
  const web = await bed.join('web');
  expect(await told.promise).toMatchObject({ node: { id: web.nodeId } });
  stop.abort();
  await following;
});
