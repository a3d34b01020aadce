import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { builtAddon } from '../../service/addon-testbed.ts';
import type { PumpAddon } from '../../service/pump-addon.ts';
import { openFlow } from './open-flow.ts';
import { type Relay, type RelayLimits, type RelayOptions, startRelay } from './relay.ts';
import { connection, fateOf } from './socket-testbed.ts';

const token = 'ab'.repeat(16);
let addon: PumpAddon;
let stop: AbortController;
const sockets: Socket[] = [];

beforeAll(() => {
  addon = builtAddon();
});
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  for (const socket of sockets.splice(0)) socket.destroy();
});

const start = (limits: Partial<RelayLimits> = {}, options: Partial<RelayOptions> = {}): Promise<Relay> =>
  startRelay({ addon, host: '127.0.0.1', advertise: '192.0.2.1', signal: stop.signal, limits, ...options });

function dial(port: number, localAddress?: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress ? { localAddress } : {}) });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

function keep(socket: Socket): Socket {
  sockets.push(socket);
  return socket;
}

test('a token identifies its acceptor in whatever pieces it comes; later bytes stay unread', async () => {
  const relay = await start();
  expect(relay.address).toBe('192.0.2.1');
  const expected = relay.expect(token);
  const acceptor = dial(relay.port);
  const bytes = Buffer.concat([Buffer.from(token, 'hex'), Buffer.from('greeting')]);
  await once(acceptor, 'connect');
  for (const at of [0, 5, 20]) {
    acceptor.write(bytes.subarray(at, at === 0 ? 5 : at === 5 ? 20 : undefined));
    await delay(5);
  }
  const socket = keep(await expected);
  expect(String(socket.read())).toBe('greeting');
});

test('a token may arrive three seconds after its connection, as after a loss in the network', async () => {
  const relay = await start();
  const expected = relay.expect(token);
  const acceptor = dial(relay.port);
  await once(acceptor, 'connect');
  // The kernel would repeat the token after three seconds, as it has measured no round trip.
  await delay(3000);
  acceptor.write(Buffer.from(token, 'hex'));
  keep(await expected);
});

test('a connection with a used or unknown token, or without a token, is reset', async () => {
  const relay = await start({ prefaceTimeout: 40 });
  const expected = relay.expect(token);
  const [first, second, unknown, silent] = [1, 2, 3, 4].map(() => dial(relay.port));
  first?.write(Buffer.from(token, 'hex'));
  keep(await expected);
  second?.write(Buffer.from(token, 'hex'));
  unknown?.write(Buffer.alloc(16, 1));
  for (const socket of [second, unknown, silent])
    if (socket) await expect(fateOf(socket)).resolves.toBe('ECONNRESET');
  expect(first?.destroyed).toBe(false);
});

test('an initiator port accepts one connection, and only from the initiator’s address', async () => {
  const relay = await start();
  const initiator = await relay.openInitiatorPort('127.0.0.1');
  await expect(fateOf(dial(initiator.port, '127.0.0.2'))).resolves.toBe('ECONNRESET');
  const wanted = dial(initiator.port);
  const socket = keep(await initiator.connection);
  expect(socket.remotePort).toBe(wanted.localPort);
  await expect(fateOf(dial(initiator.port))).resolves.toBe('ECONNREFUSED');
});

test('a wait ends by its timeout, its signal or the end of the relay, and its port then closes', async () => {
  const relay = await start();
  await expect(relay.expect(token, { timeout: 10 })).rejects.toMatchObject({ errno: 'ETIMEDOUT' });
  const cancel = new AbortController();
  const initiator = await relay.openInitiatorPort('127.0.0.1', { signal: cancel.signal });
  cancel.abort(new Error('enough'));
  await expect(initiator.connection).rejects.toThrow('enough');
  await expect(fateOf(dial(initiator.port))).resolves.toBe('ECONNREFUSED');
  const last = await relay.openInitiatorPort('127.0.0.1');
  const expected = relay.expect(token);
  relay.close();
  await expect(expected).rejects.toMatchObject({ errno: 'ECONNABORTED' });
  await expect(last.connection).rejects.toMatchObject({ errno: 'ECONNABORTED' });
});

test('a connection beyond the limit of those without a token is reset', async () => {
  const relay = await start({ strangers: 1 });
  const expected = relay.expect(token);
  const patient = dial(relay.port);
  await once(patient, 'connect');
  await expect(fateOf(dial(relay.port))).resolves.toBe('ECONNRESET');
  patient.write(Buffer.from(token, 'hex'));
  keep(await expected);
});

const from = '127.0.0.1';
const request = { from, initiator: 'a', timeout: 5000 };

/** Returns both ends of a flow that the relay carries for `initiator`. */
async function carried(
  relay: Relay,
  initiator = 'a',
  acceptor?: string,
): Promise<{ near: Socket; far: Socket }> {
  const flow = await openFlow(relay, { ...request, initiator, acceptor });
  const near = dial(flow.port);
  const [far, inside] = await connection();
  flow.join(inside);
  keep(far).write('.');
  await once(near, 'data');
  return { near, far };
}

test('flows are limited in total and for each node; refusals are counted, and some are logged', async () => {
  const lines: string[] = [];
  const relay = await start({ flows: 3, flowsPerNode: 2 }, { log: (line) => lines.push(line) });
  await carried(relay, 'a');
  // A port that is open for an initiator counts as a flow.
  const opened = await openFlow(relay, request);
  for (let times = 0; times < 5; times += 1)
    await expect(openFlow(relay, request)).rejects.toMatchObject({ errno: 'EAGAIN' });
  const { near, far } = await carried(relay, 'b');
  await expect(openFlow(relay, { ...request, initiator: 'c' })).rejects.toMatchObject({ errno: 'ENOBUFS' });
  expect(Object.fromEntries(relay.status().refused)).toEqual({ flowsPerNode: 5, flows: 1 });
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('EAGAIN');
  opened.abandon(new Error('not needed'));
  near.end();
  far.end();
  await once(far.resume(), 'close');
  while (relay.status().flows > 1) await delay(1);
  await expect(openFlow(relay, request)).resolves.toMatchObject({ port: expect.any(Number) });
});

/** Returns the far end of a carried flow, which has stopped reading; the near end cannot write any more. */
async function stalled(relay: Relay, initiator: string, acceptor: string): Promise<Socket> {
  const { near, far } = await carried(relay, initiator, acceptor);
  far.pause();
  const chunk = Buffer.alloc(1 << 20);
  while (near.write(chunk) || (await Promise.race([once(near, 'drain').then(() => true), delay(100)])));
  // The native thread counts the bytes a moment later.
  while (relay.status().bytes < 40_000) await delay(1);
  return far;
}

test('no flow is opened while slow readers leave too many bytes in the relay', async () => {
  const relay = await start({ bytes: 20_000 });
  const far = await stalled(relay, 'a', 'b');
  await expect(openFlow(relay, { ...request, initiator: 'c' })).rejects.toMatchObject({ errno: 'ENOBUFS' });
  far.resume();
  // The number of waiting bytes goes up and down while the near end still writes.
  const refusal = () =>
    openFlow(relay, request).then(
      (flow) => void flow.abandon(new Error('done')),
      (error: unknown) => error,
    );
  for (let refused = await refusal(); refused; refused = await refusal()) {
    expect(refused).toMatchObject({ errno: 'ENOBUFS' });
    await delay(1);
  }
});

test('a node at any end of a flow gets no further flow while too many bytes wait in its flows', async () => {
  const relay = await start({ bytesPerNode: 40_000 });
  await stalled(relay, 'a', 'slow');
  for (const [initiator, acceptor] of [['a'], ['b', 'a'], ['slow'], ['b', 'slow']] as const)
    await expect(openFlow(relay, { ...request, initiator, acceptor })).rejects.toMatchObject({
      errno: 'EAGAIN',
    });
  (await openFlow(relay, { ...request, initiator: 'b', acceptor: 'c' })).abandon(new Error('done'));
});

test('initiator ports come from the range, except those in use; EADDRNOTAVAIL if all are', async () => {
  // These ports are below the range from which the kernel gives ports to other sockets.
  const first = 20_000 + (process.pid % 10_000);
  const other = createServer().listen(first, '127.0.0.1');
  await once(other, 'listening');
  const relay = await start({}, { ports: { first, last: first + 2 } });
  const flows = [await openFlow(relay, request), await openFlow(relay, request)];
  expect(flows.map(({ port }) => port)).toEqual([first + 1, first + 2]);
  await expect(openFlow(relay, request)).rejects.toMatchObject({
    errno: 'EADDRNOTAVAIL',
    message: 'all 3 ports of the relay are in use',
  });
  expect(relay.status().flows).toBe(2);
  // A port is free as soon as its initiator has connected, while the flow goes on.
  const near = dial(flows[0]?.port ?? 0);
  await once(near, 'connect');
  await delay(5);
  const again = await openFlow(relay, request);
  expect(again.port).toBe(first + 1);
  for (const flow of [...flows, again]) flow.abandon(new Error('done'));
  other.close();
});

test('the dial-in port can be set', async () => {
  const probe = await start();
  const { port } = probe;
  probe.close();
  await expect(start({}, { port })).resolves.toMatchObject({ port });
  await expect(start({}, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('the flows of a lost node are reset at both ends, even one that is still being opened', async () => {
  const relay = await start();
  const flows = [
    await carried(relay, 'lost', 'b'),
    await carried(relay, 'b', 'lost'),
    await carried(relay, 'b', 'c'),
  ];
  const opened = await openFlow(relay, { ...request, initiator: 'lost' });
  const fates = flows.map(({ near, far }) => Promise.all([fateOf(near), fateOf(far)]));
  relay.reset('lost');
  await expect(Promise.all(fates.slice(0, 2))).resolves.toEqual(Array(2).fill(['ECONNRESET', 'ECONNRESET']));
  await expect(fateOf(dial(opened.port))).resolves.toBe('ECONNREFUSED');
  expect(relay.status().flows).toBe(1);
});

test('a relay that drains refuses new flows, lets flows end, and resets those that are late', async () => {
  const relay = await start();
  const [quick, slow] = [await carried(relay), await carried(relay)];
  const drained = relay.drain(300);
  await expect(openFlow(relay, request)).rejects.toMatchObject({ errno: 'ESHUTDOWN' });
  quick.near.end('last words');
  expect(String(await once(quick.far, 'data'))).toBe('last words');
  quick.far.end();
  const fates = Promise.all([fateOf(slow.near), fateOf(slow.far)]);
  await drained;
  await expect(fates).resolves.toEqual(['ECONNRESET', 'ECONNRESET']);
});

test('a relay without flows drains at once', async () => {
  const relay = await start();
  await relay.drain(60_000);
  await expect(fateOf(dial(relay.port))).resolves.toBe('ECONNREFUSED');
});
