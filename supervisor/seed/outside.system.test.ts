import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { notification } from '../control/message.ts';
import { openResumable } from '../control/resumable/open-resumable.ts';
import { startSessionServer } from '../launches/session-server.ts';
import type { Launched as Launch, Overlay } from '../membership/join.ts';
import { secure } from '../network/punch/secure.ts';
import { dialIn } from '../network/relay/dial-in.ts';
import { fateOf, serve } from '../network/relay/socket-testbed.ts';
import { Ping } from '../protocol/greeting.ts';
import { Claim } from '../protocol/stdio.ts';
import { bridge, config, createTestbed, open, type Testbed, until } from './overlay-testbed.ts';

/**
 * Tests with functions that reach the seed through published ports. As with Docker, a proxy forwards these
 * ports.
 */

const OUTSIDE = '127.0.0.2';
const TOKEN = 'ab'.repeat(16);
/** The ports are below the kernel's range of ephemeral ports, from which other sockets take theirs. */
const FIRST = 21_000 + (process.pid % 9000);
const ports = { first: FIRST, last: FIRST + 1 };

/** A message that only this test uses. */
const Count = notification({
  ...{ number: 200, name: 'count', from: 'function', body: 'number', about: '' },
  parse: Number,
});

let bed: Testbed;
let published: Server[];
let entrance: number;
const { signal } = new AbortController();

/** Forwards a port on the outside address to a port of the seed. */
async function publish(port: () => number, at = 0): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const inside = connect({ host: '127.0.0.1', port: port(), allowHalfOpen: true });
    socket.on('error', () => inside.destroy());
    inside.on('error', () => socket.resetAndDestroy());
    socket.pipe(inside).pipe(socket);
  });
  server.listen(at, OUTSIDE);
  await once(server, 'listening');
  published.push(server);
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  published = [];
  entrance = await publish(() => bed.seed.port);
  for (const port of [ports.first, ports.last]) await publish(() => port, port);
  const advertise = { host: OUTSIDE, port: entrance };
  bed = await createTestbed({ config: { ...config, advertise, relay: { ports } } });
});
afterEach(async () => {
  for (const server of published) server.close();
  await bed.close();
});

interface Launched {
  readonly phantom: Overlay;
  readonly node: Overlay;
  readonly launch: Launch;
}

/**
 * Joins a phantom inside and its function outside. `take` gets the connections that are introduced to the
 * phantom.
 */
async function launched(
  take: (socket: Socket) => void = () => undefined,
  way = { port: 9, token: TOKEN },
): Promise<Launched> {
  const join = { role: 'phantom' as const, networks: { front: ['worker'] }, hostname: 'h', container: 'c' };
  const phantom = await bed.join('worker', {
    join: { ...join, service: 'worker' },
    introduce: async (introduction) => take(await dialIn(introduction, signal)),
  });
  const launch = await phantom.launch(way);
  const { seed, relay } = launch.outside ?? { seed: { address: '', port: 0 }, relay: 0 };
  await publish(() => relay, relay);
  const node = await bed.join('worker', {
    seed: { host: seed.address, port: seed.port },
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { ...join, role: 'function', service: 'worker' },
    introduce: bridge,
  });
  return { phantom, node, launch };
}

async function answerOf(overlay: Overlay, address: string, port: number): Promise<string> {
  const socket = await open(overlay, address, port);
  socket.end('hello');
  const [answer] = await once(socket, 'data');
  return String(answer);
}

test('a launch tells the function how to reach the seed and its phantom from outside', async () => {
  const server = await startSessionServer(signal);
  const { launch } = await launched((socket) => server.take(socket), server);
  expect(launch.outside).toMatchObject({ seed: { address: OUTSIDE, port: entrance } });
  const { relay } = launch.outside ?? { relay: 0 };
  const place = { relay: { address: OUTSIDE, port: relay }, token: server.token };
  // The event may be delivered twice, so two functions dial.
  const credentials = { identity: server.identity, key: Buffer.from(server.key, 'hex') };
  const dial = async () => {
    const stream = await openResumable({ dial: (limit) => dialIn(place, limit), signal });
    return secure(stream, 'caller', credentials, signal, () => undefined);
  };
  const [first, second] = [await dial(), await dial()];
  second?.notify(Claim, {});
  const session = await server.session;
  await expect(first?.closed).resolves.toBeDefined();
  session.handle(Ping, () => undefined);
  const stranger = await dialIn({ ...place, token: 'ee'.repeat(16) }, signal);
  expect(await fateOf(stranger)).toBe('ECONNRESET');
  await session.close();
  server.close();
});

test('the relay refuses a phantom’s token after its next launch and after the phantom left', async () => {
  const { phantom, launch } = await launched();
  const { relay } = launch.outside ?? { relay: 0 };
  const place = { relay: { address: '127.0.0.1', port: relay }, token: TOKEN };
  const last = 'cd'.repeat(16);
  await phantom.launch({ port: 9, token: last });
  expect(await fateOf(await dialIn(place, signal))).toBe('ECONNRESET');
  await phantom.leave();
  await phantom.closed;
  expect(await fateOf(await dialIn({ ...place, token: last }, signal))).toBe('ECONNRESET');
});

test('nodes inside and outside connect through the relay and never dial each other directly', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await bed.join('web', { introduce: bridge });
  const { node } = await launched();
  await Promise.all([web.setListening([echo.port]), node.setListening([echo.port])]);
  await until(web, () => web.members().get(node.nodeId)?.ports.length === 1);
  await until(node, () => node.members().get(web.nodeId)?.ports.length === 1);
  expect(web.members().get(node.nodeId)).toMatchObject({ direct: false, apart: true });
  expect(node.members().get(web.nodeId)).toMatchObject({ direct: false, apart: true });
  expect(web.members().get(web.nodeId)).not.toHaveProperty('apart');
  expect(await answerOf(node, web.address, echo.port)).toBe('hello');
  expect(await answerOf(web, node.address, echo.port)).toBe('hello');
  const offer = {
    nat: 'preserving' as const,
    filtering: 'silent' as const,
    publicAddress: '127.0.0.1',
    privateAddress: '127.0.0.1',
    port: { local: 9, public: 9 },
    privatePort: 0,
    inboundPorts: [],
  };
  await expect(web.meet(node.address, offer, signal)).rejects.toMatchObject({ errno: 'EOPNOTSUPP' });
  echo.server.close();
});

test('initiators outside get published ports, in turn if few; those inside get any port', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const web = await bed.join('web', { introduce: bridge });
  const { node } = await launched();
  await Promise.all([web.setListening([echo.port]), node.setListening([echo.port])]);
  const used: number[] = [];
  const one = async () => {
    const at = await node.connect(web.address, echo.port);
    used.push(at.port);
    const socket = connect({ host: at.address, port: at.port, allowHalfOpen: true });
    socket.end('hello');
    expect(String(await once(socket, 'data'))).toBe('hello');
  };
  await Promise.all(Array.from({ length: 12 }, one));
  expect([...new Set(used)].sort()).toEqual([ports.first, ports.last]);
  const inside = await web.connect(node.address, echo.port);
  expect(used).not.toContain(inside.port);
  expect(inside.address).toBe('127.0.0.1');
  echo.server.close();
});

test('a phantom fetches its function’s end of a neighbour’s connection from the seed', async () => {
  const echo = await serve((socket) => socket.pipe(socket));
  const { phantom, node } = await launched();
  await node.setListening([echo.port]);
  const origin = { address: '172.18.0.9', port: 4711 };
  const { origin: given, place } = await phantom.forward({ port: echo.port, origin });
  expect(given).toMatch(/^198\.19\./);
  if (!place) throw new Error('no place');
  expect(place.relay.address).toBe('127.0.0.1');
  const socket = await dialIn(place, signal);
  socket.end('hello');
  expect(String(await once(socket.resume(), 'data'))).toBe('hello');
  // A place can be used once.
  expect(await fateOf(await dialIn(place, signal))).toBe('ECONNRESET');
  await expect(phantom.forward({ port: 1, origin })).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  echo.server.close();
});

test('a session with a phantom survives a restart of the seed without losing a message', async () => {
  const server = await startSessionServer(signal);
  const { launch } = await launched((socket) => server.take(socket), server);
  const { relay } = launch.outside ?? { relay: 0 };
  const place = { relay: { address: OUTSIDE, port: relay }, token: server.token };
  const stream = await openResumable({ dial: (limit) => dialIn(place, limit), signal });
  const credentials = { identity: server.identity, key: Buffer.from(server.key, 'hex') };
  const session = await secure(stream, 'caller', credentials, signal, () => undefined);
  session.notify(Claim, {});
  const phantom = await server.session;
  const told: unknown[] = [];
  const { promise: last, resolve } = Promise.withResolvers<void>();
  phantom.onNotification(Count, (body) => {
    told.push(body);
    if (told.length === 100) resolve();
  });
  for (let count = 0; count < 100; count += 1) {
    if (count === 30) await bed.stopSeed();
    // The relay uses its old port again, as published ports do not change.
    if (count === 60) await bed.startSeed({ relay: { port: relay } });
    session.notify(Count, count);
  }
  await last;
  expect(told).toEqual(Array.from({ length: 100 }, (_, count) => count));
  await session.close();
  server.close();
});
