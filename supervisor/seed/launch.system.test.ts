import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ControlError } from '../control/control-error.ts';
import { dialControl } from '../control/dial.ts';
import type { Introduction, JoinOptions, Overlay } from '../membership/join.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import { startRelay } from '../network/relay/relay.ts';
import { serve } from '../network/relay/socket-testbed.ts';
import { Hello } from '../protocol/greeting.ts';
import { Join } from '../protocol/join.ts';
import { builtAddon } from '../service/addon-testbed.ts';
import { queryNodes } from './admin/nodes-command.ts';
import { bridge, createTestbed, open, projectKey, type Testbed, until } from './overlay-testbed.ts';
import { Admission, LAUNCH_TTL } from './sessions/admission.ts';

let bed: Testbed;
let stop: AbortController;

beforeEach(async () => {
  stop = new AbortController();
  bed = await createTestbed();
});
afterEach(async () => {
  jest.useRealTimers();
  stop.abort();
  await bed.close();
});

const phantomOf = (service: string, options: Partial<JoinOptions> = {}): Promise<Overlay> =>
  bed.join(service, {
    ...options,
    join: {
      role: 'phantom',
      service,
      networks: { front: [service] },
      hostname: 'h',
      container: 'phantom-id',
    },
  });

async function functionOf(
  phantom: Overlay,
  options: Partial<JoinOptions> = {},
): Promise<{ node: Overlay; credentials: { identity: string; key: Buffer } }> {
  const { identity, key } = await phantom.launch();
  const credentials = { identity, key: Buffer.from(key, 'hex') };
  return { node: await bed.join('worker', functionOptions(credentials, options)), credentials };
}

const functionOptions = (
  credentials: { identity: string; key: Buffer },
  options: Partial<JoinOptions> = {},
) => ({
  ...credentials,
  join: {
    role: 'function' as const,
    service: 'worker',
    // The seed ignores the names that a function reports.
    networks: { front: ['somebody-else'] },
    hostname: 'h',
    container: 'x',
    requestId: 'request-1',
    functionName: 'twin',
  },
  ...options,
});

/** Joins a function of the service `api`. */
async function apiFunction(of?: Overlay): Promise<{ phantom: Overlay; node: Overlay }> {
  const phantom = of ?? (await phantomOf('api'));
  const { identity, key } = await phantom.launch();
  const join = { role: 'function' as const, service: 'api', networks: {}, hostname: '', container: '' };
  return { phantom, node: await bed.join('api', { identity, key: Buffer.from(key, 'hex'), join }) };
}

/** Timers and clocks that stay real while the date is faked. */
const NOT_THE_DATE = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'nextTick',
  'queueMicrotask',
  'performance',
  'hrtime',
] as const;

const nodes = () => queryNodes({ port: bed.seed.port, projectKey });

test('a connection that the function refuses goes to a program in its phantom’s network', async () => {
  const [web, echo] = await Promise.all([bed.join('web'), serve((socket) => socket.pipe(socket))]);
  const phantom = await phantomOf('worker', { introduce: bridge });
  const refuse = () => Promise.reject(new ControlError('ECONNREFUSED', 'nobody'));
  const { node } = await functionOf(phantom, { introduce: refuse });
  const socket = await open(web, node.address, echo.port);
  socket.end('hello');
  expect(String(await once(socket, 'data'))).toBe('hello');
  await expect(web.connect(node.address, 1)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  stop.signal.addEventListener('abort', () => echo.server.close());
});

test('a function gets the node id and address that its phantom reserved', async () => {
  const web = await bed.join('web');
  const phantom = await phantomOf('worker');
  await until(web, () => web.members().get(phantom.nodeId)?.state === 'starting');
  const { node } = await functionOf(phantom);
  expect([node.nodeId, node.address]).toEqual([phantom.nodeId, phantom.address]);
  await node.setListening([8080]);
  await until(phantom, () => phantom.members().get(phantom.nodeId)?.ports[0] === 8080);
  expect(phantom.members().get(phantom.nodeId)).toMatchObject({ state: 'up', names: ['worker', 'node-2'] });
  await expect(nodes()).resolves.toMatchObject([
    { id: 1, role: 'container', service: 'web', state: 'up', container: 'id-of-web' },
    {
      id: 2,
      role: 'function',
      service: 'worker',
      state: 'up',
      container: 'phantom-id',
      requestId: 'request-1',
      functionName: 'twin',
      ports: [8080],
    },
  ]);
  await node.leave();
  await until(web, () => web.members().get(2)?.state === 'starting');
  await phantom.leave();
  await until(web, () => !web.members().has(2));
});

test('a launch is valid once, and not after a newer launch or after its phantom has left', async () => {
  const phantom = await phantomOf('worker');
  const { credentials } = await functionOf(phantom);
  await expect(bed.join('worker', functionOptions(credentials))).rejects.toMatchObject({
    code: 'LAUNCH_USED',
  });
  const old = await phantom.launch();
  await delay(2);
  const later = await phantom.launch();
  const last = { identity: later.identity, key: Buffer.from(later.key, 'hex') };
  const first = { identity: old.identity, key: Buffer.from(old.key, 'hex') };
  await expect(bed.join('worker', functionOptions(first))).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  await phantom.leave();
  await expect(bed.join('worker', functionOptions(last))).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
});

test('a newly launched function replaces the old one, which cannot return', async () => {
  const phantom = await phantomOf('worker');
  const { node: old } = await functionOf(phantom);
  await delay(2);
  const { node } = await functionOf(phantom);
  await expect(old.closed).resolves.toMatch(/launched anew/);
  await node.setListening([80]);
  await expect(nodes()).resolves.toMatchObject([{ id: 1, state: 'up', ports: [80] }]);
});

test('a function’s return key is refused once the function has left', async () => {
  const phantom = await phantomOf('worker');
  const { identity, key } = await phantom.launch();
  const joining = functionOptions({ identity, key: Buffer.from(key, 'hex') });
  const session = await dialControl({ ...joining, host: '127.0.0.1', port: bed.seed.port });
  const { local } = session;
  await session.request(Hello, { version: 1 });
  const { resume } = await session.request(Join, { ...(await joining.join), local, via: '127.0.0.1' });
  const back = () =>
    bed.join('worker', functionOptions({ identity: resume.identity, key: Buffer.from(resume.key, 'hex') }));
  await session.close();
  const node = await back();
  await node.leave();
  await expect(back()).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  // The next launch of the same node still works.
  await expect(functionOf(phantom)).resolves.toMatchObject({ node: { nodeId: phantom.nodeId } });
});

test('an expired launch cannot join, even if its connection was opened before the expiry', async () => {
  const phantom = await phantomOf('worker');
  const { node, credentials } = await functionOf(phantom);
  const unused = await phantom.launch();
  const late = [credentials, { identity: unused.identity, key: Buffer.from(unused.key, 'hex') }];
  const sessions = await Promise.all(
    late.map((shown) => dialControl({ ...shown, host: '127.0.0.1', port: bed.seed.port })),
  );
  await Promise.all(sessions.map((session) => session.request(Hello, { version: 1 })));
  jest.useFakeTimers({ now: Date.now() + LAUNCH_TTL + 130_000, doNotFake: [...NOT_THE_DATE] });
  for (const session of sessions) {
    const { local } = session;
    const body = { ...(await functionOptions(credentials).join), local, via: '127.0.0.1' };
    await expect(session.request(Join, body)).rejects.toMatchObject({
      errno: 'EACCES',
      message: expect.stringContaining('has expired'),
    });
    await session.close();
  }
  jest.useRealTimers();
  await expect(nodes()).resolves.toMatchObject([{ id: node.nodeId, state: 'up' }]);
});

test('a launch cannot take over a node id that now belongs to another service', async () => {
  const { phantom, node } = await apiFunction();
  const stale = new Admission(projectKey).launch('worker', phantom.nodeId);
  const credentials = { identity: stale.identity, key: Buffer.from(stale.key, 'hex') };
  await expect(bed.join('worker', functionOptions(credentials))).rejects.toMatchObject({
    code: 'JOIN_REFUSED',
  });
  await expect(nodes()).resolves.toMatchObject([{ id: node.nodeId, service: 'api', state: 'up' }]);
  // The attempt does not invalidate the launches of the new owner.
  await expect(apiFunction(phantom)).resolves.toBeDefined();
});

test('a launch or return with a node id that no seed has given out is refused', async () => {
  const admission = new Admission(projectKey);
  const launch = admission.launch('worker', 77);
  await expect(
    bed.join('worker', functionOptions({ identity: launch.identity, key: Buffer.from(launch.key, 'hex') })),
  ).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  const { identity, key } = admission.resume('container', 'web', 78, 60_000);
  await expect(bed.join('web', { identity, key: Buffer.from(key, 'hex') })).rejects.toMatchObject({
    code: 'JOIN_REFUSED',
  });
  await expect(nodes()).resolves.toEqual([]);
});

test('a connection can join only in the role that its identity allows', async () => {
  const phantom = await phantomOf('worker');
  const launch = await phantom.launch();
  const credentials = { identity: launch.identity, key: Buffer.from(launch.key, 'hex') };
  const join = { role: 'container' as const, service: 'worker', networks: {}, hostname: '', container: '' };
  await expect(bed.join('worker', { ...credentials, join })).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
  const role = { join: { ...join, role: 'function' as const } };
  await expect(bed.join('worker', role)).rejects.toMatchObject({ code: 'JOIN_REFUSED' });
});

test('a phantom forwards a neighbour’s connection to its function, with the origin’s address', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const introduced: Introduction[] = [];
  const phantom = await phantomOf('worker');
  const { node } = await functionOf(phantom, {
    introduce: async (introduction) => {
      introduced.push(introduction);
      if (introduction.port !== echo.port) throw Object.assign(new Error('closed'), { code: 'ECONNREFUSED' });
      const guest = connect(echo.port, '127.0.0.1');
      const near = connect(introduction.relay.port, introduction.relay.address);
      near.write(Buffer.from(introduction.token, 'hex'));
      void pipeFlow(near, guest);
    },
  });
  await node.setListening([echo.port]);
  const relay = await startRelay({ addon: builtAddon(), host: '127.0.0.1', signal: stop.signal });
  const front = await serve(async (socket: Socket) => {
    const token = 'ab'.repeat(16);
    const dialledIn = relay.expect(token, { signal: stop.signal });
    const origin = { address: '172.18.0.9', port: socket.remotePort ?? 0 };
    await phantom.forward({
      port: echo.port,
      place: { relay: { address: '127.0.0.1', port: relay.port }, token },
      origin,
    });
    void pipeFlow(socket, await dialledIn);
  });
  const neighbour = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
  neighbour.end('hello');
  expect(String(await once(neighbour, 'data'))).toBe('hello');
  const [{ peer } = { peer: undefined }] = introduced;
  expect(peer?.address).toMatch(/^198\.19\./);
  expect(peer?.port).toBe(neighbour.localPort);
  const place = { relay: { address: '127.0.0.1', port: relay.port }, token: 'cd'.repeat(16) };
  const refused = phantom.forward({ port: 1, place, origin: { address: '172.18.0.9', port: 1 } });
  await expect(refused).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  neighbour.destroy();
  front.server.close();
  echo.server.close();
});

test('functions reach each other through the relay', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const [one, two] = await Promise.all([phantomOf('worker'), phantomOf('worker')]);
  const [a, b] = await Promise.all([functionOf(one), functionOf(two)]);
  await b.node.setListening([echo.port]);
  const socket = await open(a.node, b.node.address, echo.port);
  socket.end('hi');
  expect(String(await once(socket, 'data'))).toBe('hi');
  echo.server.close();
});
