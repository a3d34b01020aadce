import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Addon } from './addon.ts';
import { builtAddon } from './addon-testbed.ts';
import { type ServiceHandler, type ServiceServer, startServiceServer } from './server.ts';
import { Operation, REQUEST_SIZE } from './wire.ts';

const REPLY_SIZE = 352;
/** The time that a client has to send its request, ms; shorter than in production. */
const PATIENCE = 300;

let addon: Addon;
let server: ServiceServer;
let handler: ServiceHandler;
let sockets: Socket[];

beforeAll(() => {
  addon = builtAddon();
});
beforeEach(() => {
  sockets = [];
  handler = () => ({});
  server = startServiceServer(addon, (request, signal) => handler(request, signal), {
    timeout: PATIENCE,
  });
});
afterEach(() => {
  server.close();
  for (const socket of sockets) socket.destroy();
});

async function client(): Promise<Socket> {
  const socket = connect(`\0${server.name.slice(1)}`);
  sockets.push(socket);
  // When the server ends a connection early, the client may see EPIPE or ECONNRESET.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function request(operation: number): Buffer {
  const bytes = Buffer.alloc(REQUEST_SIZE);
  bytes.write('BXR1', 'latin1');
  bytes.writeUInt16LE(operation, 4);
  return bytes;
}

/** Resolves to all bytes that arrive until the server ends the connection. */
async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks);
}

async function answered(): Promise<boolean> {
  const socket = await client();
  socket.write(request(Operation.resolve));
  const bytes = await rest(socket);
  return bytes.length > 0 && bytes.toString('latin1', 0, 4) === 'BXR1';
}

test('malformed bytes close their own connection and no other', async () => {
  const junk = fc.uint8Array({ minLength: 1, maxLength: 2 * REQUEST_SIZE });
  await fc.assert(
    fc.asyncProperty(junk, async (bytes) => {
      const socket = await client();
      socket.end(Buffer.from(bytes));
      expect(await rest(socket)).toHaveLength(0);
    }),
    { numRuns: 50 },
  );
  expect(await answered()).toBe(true);
});

test('a connection with a second request or a flood of bytes after its request is closed', async () => {
  const twice = await client();
  twice.write(Buffer.concat([request(Operation.resolve), request(Operation.resolve)]));
  expect(await rest(twice)).toHaveLength(0);
  const flood = await client();
  const { promise: never, resolve } = Promise.withResolvers<object>();
  handler = () => never;
  flood.write(request(Operation.connect));
  flood.write(Buffer.alloc(4 * 1024 * 1024));
  await rest(flood);
  resolve({});
  handler = () => ({});
  expect(await answered()).toBe(true);
});

test('a client that sends its request byte by byte is closed at the timeout', async () => {
  const slow = await client();
  const bytes = request(Operation.resolve);
  let at = 0;
  const drip = setInterval(() => slow.write(bytes.subarray(at, ++at)), 20);
  const closed = rest(slow);
  expect(await closed).toHaveLength(0);
  clearInterval(drip);
  expect(at).toBeLessThan(REQUEST_SIZE);
});

test('a client that does not close after its answer is closed', async () => {
  const socket = connect({ path: `\0${server.name.slice(1)}`, allowHalfOpen: true });
  sockets.push(socket);
  socket.write(request(Operation.resolve));
  const closed = once(socket, 'end');
  socket.resume();
  await closed;
  // The client keeps its direction open; the server closes the connection nevertheless.
  const [error] = await new Promise<unknown[]>((resolve) => {
    socket.once('error', (failure) => resolve([failure]));
    const probe = setInterval(() => socket.write('x', (failure) => failure && clearInterval(probe)), 50);
  });
  expect(String(error)).toMatch(/EPIPE|ECONNRESET/);
});

test('a request is aborted when its client closes', async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<boolean>();
  handler = (_request, signal) =>
    new Promise(() => signal.addEventListener('abort', () => resolve(true), { once: true }));
  const socket = await client();
  socket.write(request(Operation.connect));
  await new Promise((wake) => setImmediate(wake));
  socket.destroy();
  expect(await cancelled).toBe(true);
});

test('the reply to a request whose handler fails has the errno of the error', async () => {
  handler = () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
  const socket = await client();
  socket.write(request(Operation.connect));
  const bytes = await rest(socket);
  expect([bytes.length, bytes.readInt32LE(8)]).toEqual([REPLY_SIZE, 111]);
});
