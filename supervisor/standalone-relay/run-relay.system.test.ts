import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import { loggerInto } from '../log/logger-testbed.ts';
import type { Overlay } from '../membership/join.ts';
import { pipeFlow } from '../network/relay/pipe.ts';
import { digestOf, fateOf, serve, sha256 } from '../network/relay/socket-testbed.ts';
import { RELAY_SERVICE } from '../published/node-config.ts';
import { createTestbed, open, projectKey, type Testbed, until } from '../seed/overlay-testbed.ts';
import { builtAddon } from '../service/addon-testbed.ts';
import { type RunRelayOptions, runRelay } from './run-relay.ts';

let bed: Testbed;
let lines: string[];
const cleanups: Array<() => unknown> = [];

beforeEach(async () => {
  lines = [];
  bed = await createTestbed({ log: loggerInto(lines), resolver: async () => ['127.0.0.1'] });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await bed.close();
});

/** Resolves when at least `times` lines of the seed's log match `pattern`. */
async function logged(pattern: RegExp, times = 1): Promise<void> {
  while (lines.filter((line) => pattern.test(line)).length < times) await delay(2);
}

/** Starts a relay on an address of its own, so that a test sees which relay carries a flow. */
async function startRelay(address: string, options: Partial<RunRelayOptions> = {}) {
  const stop = new AbortController();
  const joined = lines.filter((line) => line.includes('joined: ')).length;
  const ended = runRelay({
    contact: () => {
      const identity = newServiceIdentity(RELAY_SERVICE);
      const key = pskOf(serviceKey(projectKey, RELAY_SERVICE), identity);
      return { seed: { host: '127.0.0.1', port: bed.seed.port }, identity, key };
    },
    addon: builtAddon(),
    relay: { host: '0.0.0.0', advertise: address },
    drain: 0,
    signal: stop.signal,
    ...options,
  });
  cleanups.push(() => {
    stop.abort();
    return ended;
  });
  await logged(/^relay \d+ joined: /, joined + 1);
  return {
    stop() {
      stop.abort();
      return ended;
    },
  };
}

async function pair(port: number): Promise<{ web: Overlay; api: Overlay }> {
  const [web, api] = await Promise.all([bed.join('web'), bed.join('api')]);
  await api.setListening([port]);
  return { web, api };
}

/** Connects as a guest would. */
async function dial(from: Overlay, address: string, port: number): Promise<Socket> {
  const socket = await open(from, address, port);
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

async function guest(onConnection: (socket: Socket) => void): Promise<number> {
  const { port, server } = await serve(onConnection);
  cleanups.push(() => server.close());
  return port;
}

test('a relay that has joined carries every byte of a flow in both directions, with half-close', async () => {
  const received = Promise.withResolvers<string>();
  const answer = randomBytes(3_000_000);
  const port = await guest(async (socket) => {
    received.resolve(await digestOf(socket));
    socket.end(answer);
  });
  await startRelay('127.0.0.9');
  const { web, api } = await pair(port);
  const socket = await dial(web, api.address, port);
  expect(socket.remoteAddress).toBe('127.0.0.9');
  const body = randomBytes(5_000_000);
  socket.end(body);
  await expect(digestOf(socket)).resolves.toBe(sha256(answer));
  await expect(received.promise).resolves.toBe(sha256(body));
});

test('a guest gets ECONNREFUSED as usual; the seed carries flows to hosts outside the overlay', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  await startRelay('127.0.0.9');
  const [web, api] = [
    await bed.join('web', { networks: { front: ['web'], back: ['web'] } }),
    await bed.join('api', {
      introduce: () => Promise.reject(Object.assign(new Error('closed'), { code: 'ECONNREFUSED' })),
    }),
  ];
  await expect(web.connect(api.address, port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  await api.setListening([port]);
  await expect(web.connect(api.address, port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  const [address = ''] = await web.resolve('redis');
  const socket = await dial(web, address, port);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  socket.destroy();
});

test('relays that are equally near take turns, and a relay that stops ends only its own flows', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  const first = await startRelay('127.0.0.8');
  await startRelay('127.0.0.9');
  const { web, api } = await pair(port);
  const sockets = await Promise.all(Array.from({ length: 4 }, () => dial(web, api.address, port)));
  const at = (address: string) => sockets.filter((socket) => socket.remoteAddress === address);
  expect([at('127.0.0.8').length, at('127.0.0.9').length]).toEqual([2, 2]);
  const fates = Promise.all(at('127.0.0.8').map(fateOf));
  await first.stop();
  await expect(fates).resolves.toEqual(['ECONNRESET', 'ECONNRESET']);
  for (const socket of at('127.0.0.9')) {
    socket.write('still here');
    expect(String(await once(socket, 'data'))).toBe('still here');
  }
  const later = await Promise.all([1, 2, 3].map(() => dial(web, api.address, port)));
  expect(new Set(later.map(({ remoteAddress }) => remoteAddress))).toEqual(new Set(['127.0.0.9']));
});

test('the seed carries a flow that no relay accepts', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  const relay = await startRelay('127.0.0.9', { relay: { advertise: '127.0.0.9', limits: { flows: 1 } } });
  const { web, api } = await pair(port);
  const addresses = [];
  for (let flow = 0; flow < 3; flow += 1) addresses.push((await dial(web, api.address, port)).remoteAddress);
  await relay.stop();
  await logged(/^relay \d+ left/);
  addresses.push((await dial(web, api.address, port)).remoteAddress);
  expect(addresses).toEqual(['127.0.0.9', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
});

test('a relay’s flows outlive the seed, and the relay joins the next seed', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  await startRelay('127.0.0.9');
  const { web, api } = await pair(port);
  const socket = await dial(web, api.address, port);
  await bed.stopSeed();
  socket.write('without a seed');
  expect(String(await once(socket, 'data'))).toBe('without a seed');
  await bed.startSeed();
  await logged(/^relay \d+ joined: /, 2);
  while (!(await api.setListening([port]).then(() => web.members().get(api.nodeId)?.ports.length)))
    await delay(5);
  const again = await dial(web, api.address, port);
  expect(again.remoteAddress).toBe('127.0.0.9');
});

test('the relay resets the flows of a node that has fallen silent', async () => {
  await bed.close();
  bed = await createTestbed({
    log: loggerInto(lines),
    heartbeat: { interval: 20, suspect: 3, dead: 5 },
  });
  const port = await guest((socket) => socket.pipe(socket));
  await startRelay('127.0.0.9');
  // A proxy between the node and the seed. While it holds the bytes back, the node looks frozen, and its
  // sockets stay open.
  const carried: Socket[] = [];
  const between = await guest((near) => {
    const far = connect(bed.seed.port, '127.0.0.1');
    carried.push(near, far);
    void pipeFlow(near, far);
  });
  cleanups.push(() => carried.map((socket) => socket.destroy()));
  const api = await bed.join('api');
  const web = await bed.join('web', { seed: { host: '127.0.0.1', port: between } });
  await api.setListening([port]);
  await until(web, () => web.members().get(api.nodeId)?.ports.length === 1);
  const socket = await dial(web, api.address, port);
  expect(socket.remoteAddress).toBe('127.0.0.9');
  const fate = fateOf(socket);
  for (const held of carried) held.pause();
  await expect(fate).resolves.toBe('ECONNRESET');
});

test('a draining relay accepts no new flow, and ends when its flows have ended', async () => {
  const port = await guest((socket) => socket.pipe(socket));
  const relay = await startRelay('127.0.0.9', { drain: 60_000 });
  const { web, api } = await pair(port);
  const socket = await dial(web, api.address, port);
  const ended = relay.stop();
  await logged(/^relay \d+ left/);
  expect((await dial(web, api.address, port)).remoteAddress).toBe('127.0.0.1');
  socket.end('last words');
  expect(String(await once(socket, 'data'))).toBe('last words');
  await ended;
});

test('a relay with a wrong key is refused', async () => {
  const identity = newServiceIdentity(RELAY_SERVICE);
  const key = pskOf(serviceKey(projectKey, 'web'), identity);
  const seed = { host: '127.0.0.1', port: bed.seed.port };
  const contact = () => ({ seed, identity, key });
  const running = runRelay({ contact, addon: builtAddon(), drain: 0, signal: new AbortController().signal });
  await expect(running).rejects.toMatchObject({ code: 'RELAY_REFUSED' });
});
