import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Relay, type RelayLimits, startRelay } from './relay.ts';
import { fateOf } from './socket-testbed.ts';

const token = 'ab'.repeat(16);
let stop: AbortController;
const sockets: Socket[] = [];

beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  for (const socket of sockets.splice(0)) socket.destroy();
});

const start = (limits: Partial<RelayLimits> = {}): Promise<Relay> =>
  startRelay({ host: '127.0.0.1', advertise: '192.0.2.1', signal: stop.signal, limits });

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

test('an acceptor is known by its token, however it arrives, and what follows is unread', async () => {
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

test('a second use of a token, an unknown one and silence are reset', async () => {
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

test('an initiator port takes one connection, from the right address', async () => {
  const relay = await start();
  const initiator = await relay.openInitiatorPort('127.0.0.1');
  await expect(fateOf(dial(initiator.port, '127.0.0.2'))).resolves.toBe('ECONNRESET');
  const wanted = dial(initiator.port);
  const socket = keep(await initiator.connection);
  expect(socket.remotePort).toBe(wanted.localPort);
  await expect(fateOf(dial(initiator.port))).resolves.toBe('ECONNREFUSED');
});

test('waits end by timeout, by signal and with the relay, and their ports close', async () => {
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

test('places and strangers are bounded', async () => {
  const relay = await start({ places: 2, strangers: 1 });
  const expected = relay.expect(token);
  const initiator = await relay.openInitiatorPort('127.0.0.1');
  await expect(relay.expect('cd'.repeat(16))).rejects.toMatchObject({ errno: 'ENOBUFS' });
  await expect(relay.openInitiatorPort('127.0.0.1')).rejects.toMatchObject({ errno: 'ENOBUFS' });
  const patient = dial(relay.port);
  await once(patient, 'connect');
  await expect(fateOf(dial(relay.port))).resolves.toBe('ECONNRESET');
  patient.write(Buffer.from(token, 'hex'));
  const socket = keep(await expected);
  initiator.close(new Error('not needed'));
  await expect(initiator.connection).rejects.toThrow('not needed');
  await delay(1);
  const again = await relay.openInitiatorPort('127.0.0.1');
  socket.destroy();
  again.close(new Error('done'));
});
