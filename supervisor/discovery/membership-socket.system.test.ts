import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Overlay } from '../membership/join.ts';
import { createTestbed, type Testbed, until } from '../seed/overlay-testbed.ts';
import { type MembershipSocket, serveMembership } from './membership-socket.ts';
import { writeStaticFiles } from './static-files.ts';

let bed: Testbed;
let self: Overlay;
let folder: string;
let path: string;
let server: MembershipSocket;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxer-discovery-'));
  path = join(folder, 'membership.sock');
  bed = await createTestbed();
  self = await bed.join('web');
  server = await serveMembership(self, path);
});
afterEach(async () => {
  server.close();
  await bed.close();
  await rm(folder, { recursive: true });
});

/** Connects a client; each call of `next` resolves to the next event. */
async function client(): Promise<{ next(): Promise<unknown>; close(): void }> {
  const socket = connect(path);
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  await once(socket, 'connect');
  return {
    next: async () => JSON.parse((await lines.next()).value ?? ''),
    close: () => socket.destroy(),
  };
}

test('a client reads a snapshot, then every change', async () => {
  const reader = await client();
  const own = {
    id: self.nodeId,
    address: self.address,
    names: ['web', `node-${self.nodeId}`],
    ports: [],
    self: true,
  };
  expect(await reader.next()).toEqual({ event: 'snapshot', nodes: [own] });
  const api = await bed.join('api');
  expect(await reader.next()).toMatchObject({
    event: 'joined',
    node: { id: api.nodeId, names: ['api', `node-${api.nodeId}`] },
  });
  await api.setListening([8080]);
  expect(await reader.next()).toMatchObject({ event: 'changed', node: { id: api.nodeId, ports: [8080] } });
  const late = await client();
  expect(await late.next()).toMatchObject({
    event: 'snapshot',
    nodes: [{ id: self.nodeId }, { id: api.nodeId }],
  });
  await api.leave();
  const left = { event: 'left', node: { id: api.nodeId } };
  expect(await reader.next()).toEqual(left);
  expect(await late.next()).toEqual(left);
  reader.close();
  late.close();
});

test('a client that does not read is closed, and other clients go on getting events', async () => {
  const stuck = connect(path);
  stuck.pause();
  await once(stuck, 'connect');
  const reader = await client();
  await reader.next();
  const closed = once(stuck, 'close');
  // Each event is a line of about 20 KB.
  const ports = Array.from({ length: 4000 }, (_, port) => port + 1);
  for (let turn = 0; turn < 120; turn += 1) {
    await self.setListening(ports.slice(turn % 2));
    expect(await reader.next()).toMatchObject({ event: 'changed' });
  }
  // The client first reads the lines that the kernel still holds, and then the end.
  stuck.resume();
  await closed;
  reader.close();
});

test('the files list the nodes that were members when the files were written', async () => {
  const api = await bed.join('api');
  await until(self, () => self.members().size === 2);
  await writeStaticFiles(self, join(folder, 'etc'));
  const text = (name: string) => readFile(join(folder, 'etc', name), 'utf8');
  const own = `${self.address}\tweb node-${self.nodeId}\n`;
  expect(await text('self')).toBe(own);
  expect(await text('nodes')).toBe(`${own}${api.address}\tapi node-${api.nodeId}\n`);
  expect(JSON.parse(await text('self.json'))).toMatchObject({ id: self.nodeId, self: true });
  expect(JSON.parse(await text('nodes.json'))).toHaveLength(2);
});
