import { type EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { NO_OBSERVER } from './control-observer.ts';
import { dialControl } from './dial.ts';
import { type ControlListener, type ListenOptions, listenControl } from './listen.ts';
import { unchecked } from './message.ts';
import { newNonce, pskOf } from './psk.ts';
import type { Session } from './session.ts';
import { TLS_OPTIONS } from './tls-options.ts';

const ikm = Buffer.alloc(32, 3);
let listener: ControlListener | undefined;
let sessions: Session[] = [];

afterEach(async () => {
  await listener?.close();
  sessions = [];
});

async function listen(options: Partial<ListenOptions> = {}): Promise<number> {
  listener = await listenControl({
    port: 0,
    host: '127.0.0.1',
    pskFor: (identity) => (identity.startsWith('session/') ? pskOf(ikm, identity) : null),
    onSession: (session) => sessions.push(session),
    ...options,
  });
  return listener.port;
}

/** Resolves when `of` has closed, with or without an error. */
const closed = (of: EventEmitter) => new Promise((resolve) => of.once('close', resolve));

const dial = (
  port: number,
  options: { ikm?: Buffer; prefix?: string; signal?: AbortSignal; timeout?: number } = {},
) => {
  const identity = `${options.prefix ?? 'session'}/${newNonce()}`;
  return dialControl({
    host: 'localhost',
    port,
    identity,
    key: pskOf(options.ikm ?? ikm, identity),
    ...options,
  });
};

test('dialControl() rejects with EACCES for a wrong key and for an unknown identity', async () => {
  const port = await listen();
  await expect(dial(port, { ikm: Buffer.alloc(32, 4) })).rejects.toMatchObject({ errno: 'EACCES' });
  await expect(dial(port, { prefix: 'stranger' })).rejects.toMatchObject({ errno: 'EACCES' });
  expect(sessions).toHaveLength(0);
  await expect(dial(port)).resolves.toBeDefined();
});

test('dialControl() rejects with ECONNREFUSED, ETIMEDOUT or the reason of the abort', async () => {
  const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const address = mute.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  await expect(dial(address.port, { timeout: 50 })).rejects.toMatchObject({ errno: 'ETIMEDOUT' });
  await expect(dial(address.port, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  mute.close();
  await closed(mute);
  await expect(dial(address.port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
});

test('a connection that sends nothing or anything but TLS is dropped by the handshake timeout', async () => {
  const port = await listen({ handshakeTimeout: 50 });
  const silent = connect(port, '127.0.0.1');
  const chatty = connect(port, '127.0.0.1');
  chatty.write('GET / HTTP/1.1\r\n\r\n');
  for (const socket of [silent, chatty]) {
    socket.on('error', () => undefined);
    socket.resume();
  }
  await Promise.all([closed(silent), closed(chatty)]);
});

test('a listener limits the numbers of handshakes and of sessions', async () => {
  const port = await listen({ maxHandshakes: 2, maxSessions: 1 });
  const idle = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  await delay(20);
  await expect(dial(port)).rejects.toMatchObject({ errno: 'ECONNRESET' });
  for (const socket of idle) socket.destroy();
  await delay(20);
  const first = await dial(port);
  const second = await dial(port);
  await second.closed;
  expect(sessions).toHaveLength(1);
  await first.close();
  await delay(20);
  const third = await dial(port);
  third.handle(unchecked(1), () => ({ alive: true }));
  await delay(20);
  await expect(sessions[1]?.request(unchecked(1), {})).resolves.toEqual({ alive: true });
});

test('one address cannot keep others out; a slow handshake is dropped even if its peer sends', async () => {
  const failures: string[] = [];
  const observer = { ...NO_OBSERVER, handshakeFailed: (why: string) => failures.push(why) };
  const port = await listen({ maxHandshakes: 8, handshakeTimeout: 200, observer });
  const from = (localAddress: string) =>
    connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
  const strangers = Array.from({ length: 6 }, () => from('127.0.0.7'));
  // The beginning of a TLS record that promises 512 bytes.
  const record = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(501)]);
  let sent = 0;
  const drip = setInterval(() => {
    for (const socket of strangers) if (socket.writable) socket.write(record.subarray(sent, sent + 1));
    sent += 1;
  });
  await Promise.all(strangers.slice(4).map((socket) => closed(socket)));
  await expect(dial(port)).resolves.toBeDefined();
  for (const socket of strangers) {
    socket.resume();
    if (!socket.closed) await closed(socket);
  }
  clearInterval(drip);
  expect(failures).toEqual([...Array(2).fill('perAddress'), ...Array(4).fill('handshake')]);
});

test('the session ticket of one connection does not open another connection', async () => {
  const port = await listen();
  const identity = `session/${newNonce()}`;
  const options = { ...TLS_OPTIONS, host: '127.0.0.1', port, checkServerIdentity: () => undefined };
  const open = (extra: object): TLSSocket =>
    connectTls({ ...options, ...extra }).on('error', () => undefined);
  const first = open({ pskCallback: () => ({ psk: pskOf(ikm, identity), identity }) });
  first.resume();
  const [ticket] = (await once(first, 'session')) as [Buffer];
  const second = open({ session: ticket });
  second.resume();
  await closed(second);
  expect(sessions).toHaveLength(1);
  first.destroy();
});

test('aborting the signal closes the listener and all its sessions', async () => {
  const stop = new AbortController();
  const port = await listen({ signal: stop.signal });
  const session = await dial(port);
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  idle.resume();
  stop.abort();
  await Promise.all([session.closed, closed(idle)]);
  await expect(dial(port)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
});
