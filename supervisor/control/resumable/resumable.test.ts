import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openResumable, type ResumableOptions } from './open-resumable.ts';
import { ResumableServer } from './resumable-server.ts';
import type { ResumableStream } from './resumable-stream.ts';
import { encodeCount, encodeGreeting, encodeStreamFrame, StreamFrame } from './wire.ts';

let listener: Server;
let server: ResumableServer;
let streams: ResumableStream[];
/** The server's ends of the connections. */
let sockets: Set<Socket>;
let stop: AbortController;
let refuse = false;

beforeEach(async () => {
  stop = new AbortController();
  streams = [];
  sockets = new Set();
  refuse = false;
  server = new ResumableServer({ max: 4, patience: 500, onStream: (stream) => streams.push(stream) });
  listener = createServer({ pauseOnConnect: true }, (socket) => {
    if (refuse) return void socket.resetAndDestroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void server.take(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
});
afterEach(() => {
  stop.abort();
  server.close();
  listener.close();
});

async function dial(): Promise<Socket> {
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('close', () => reject(new Error('no connection')));
  });
  return socket;
}

async function pair(
  options: Partial<ResumableOptions> = {},
): Promise<{ caller: ResumableStream; called: ResumableStream }> {
  const caller = await openResumable({ dial, signal: stop.signal, ...options });
  caller.on('error', () => undefined);
  const called = streams.at(-1);
  if (!called) throw new Error('no stream');
  called.on('error', () => undefined);
  return { caller, called };
}

const cut = () => {
  for (const socket of sockets) socket.resetAndDestroy();
};

const TOTAL = 6_000_000;

/** Resolves to the SHA-256 digest of the next TOTAL bytes. */
function digestOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      size += chunk.length;
      if (size === TOTAL) resolve(hash.digest('hex'));
    });
  });
}

/** Writes TOTAL random bytes in blocks as fast as `stream` takes them; returns their SHA-256 digest. */
async function send(stream: Duplex, after: (block: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let left = TOTAL;
  for (let block = 0; left > 0; block += 1) {
    const bytes = randomBytes(Math.min(left, 1 + Math.floor(Math.random() * 100_000)));
    left -= bytes.length;
    hash.update(bytes);
    if (!stream.write(bytes)) await once(stream, 'drain');
    after(block);
  }
  return hash.digest('hex');
}

test('no byte is lost, doubled or altered either way, however often the connection is cut', async () => {
  const { caller, called } = await pair();
  let cuts = 0;
  const disturb = (block: number) => {
    if (block % 7 !== 3) return;
    cuts += 1;
    cut();
  };
  const [there, back, atCalled, atCaller] = await Promise.all([
    send(caller, disturb),
    send(called, () => undefined),
    digestOf(called),
    digestOf(caller),
  ]);
  expect(cuts).toBeGreaterThan(10);
  expect([atCalled, atCaller]).toEqual([there, back]);
  // All connections belonged to one stream.
  expect(streams).toHaveLength(1);
  const closed = Promise.all([once(caller, 'close'), once(called, 'close')]);
  caller.end();
  await closed;
});

test('a side that does not read stops the other side after a bounded number of bytes', async () => {
  const { caller, called } = await pair();
  const block = Buffer.alloc(65_536, 1);
  let written = 0;
  while (caller.write(block)) written += block.length;
  const drained = once(caller, 'drain');
  // The bound covers the window and the queues of both sides.
  for (let turn = 0; turn < 100; turn += 1) {
    if (caller.writableNeedDrain) await new Promise((resolve) => setTimeout(resolve, 5));
    else for (let left = 64; left > 0 && caller.write(block); left -= 1) written += block.length;
  }
  expect(written).toBeLessThan(8 * 2 ** 20);
  called.resume();
  await drained;
});

test('end() on one side ends the other side, even if the connection was lost before', async () => {
  const { caller, called } = await pair();
  refuse = true;
  cut();
  await once(caller, 'lost');
  caller.end('last');
  refuse = false;
  let text = '';
  for await (const chunk of called) text += String(chunk);
  expect(text).toBe('last');
  if (!caller.closed) await once(caller.resume(), 'close');
});

test('a caller gives up after `refused` or `unreachable` ms', async () => {
  const { caller, called } = await pair({ patience: { refused: 100, unreachable: 60_000 } });
  called.destroy();
  const [error] = await once(caller, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET', message: 'the connection could not be resumed' });
  const other = await pair({ patience: { unreachable: 100 } });
  listener.close();
  cut();
  await expect(once(other.caller, 'error')).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
});

test('the called side drops a stream that does not return within its patience', async () => {
  const { caller, called } = await pair();
  refuse = true;
  cut();
  const [error] = await once(called, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET', message: 'the client did not reconnect within 500 ms' });
  caller.destroy();
});

test('aborting the signal ends a stream at once, even while its connection is being replaced', async () => {
  const { caller } = await pair();
  refuse = true;
  cut();
  await once(caller, 'lost');
  stop.abort();
  if (!caller.closed) await once(caller, 'close');
});

const fresh = { id: Buffer.alloc(16, 3), isNew: true, received: 0 };

test.each([
  ['a malformed greeting', [Buffer.alloc(25, 255)]],
  ['the greeting of an unknown stream', [encodeGreeting({ ...fresh, isNew: false })]],
  ['a malformed frame', [encodeGreeting(fresh), Buffer.alloc(64, 255)]],
  [
    'an acknowledgement of more bytes than were sent',
    [encodeGreeting(fresh), encodeStreamFrame(StreamFrame.received, encodeCount(9))],
  ],
])('a connection that sends %s is reset, and other streams go on', async (_, parts) => {
  const { caller, called } = await pair();
  const socket = await dial();
  for (const part of parts) socket.write(part);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  caller.end('hello');
  let text = '';
  for await (const chunk of called) text += String(chunk);
  expect(text).toBe('hello');
});

test('a server refuses more than `max` streams', async () => {
  await Promise.all([pair(), pair(), pair(), pair()]);
  await expect(openResumable({ dial, signal: stop.signal })).rejects.toThrow();
});
