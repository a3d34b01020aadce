import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Addon } from '../service/addon.ts';
import { builtAddon } from '../service/addon-testbed.ts';
import { dial } from './unread.ts';

let addon: Addon;
const cleanups: Array<() => unknown> = [];
const never = new AbortController().signal;

beforeAll(() => {
  addon = builtAddon();
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listening(): Promise<{ port: number; peer: Promise<string> }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello'));
  const peer = once(server, 'connection').then(([socket]) => `${socket.remoteAddress}:${socket.remotePort}`);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, peer };
}

test.each([
  [4, undefined],
  [4, '127.0.0.9'],
  [6, undefined],
] as const)(
  'dial() with family %s from %p returns the local port, and a stream that reads the bytes',
  async (family, localAddress) => {
    const { port, peer } = await listening();
    const { localPort, connection } = dial(
      addon,
      { family, localAddress, address: '127.0.0.1', port },
      never,
    );
    const unread = await connection;
    expect(await peer).toBe(`${localAddress ?? '127.0.0.1'}:${localPort}`);
    const stream = unread.stream();
    expect(unread.stream()).toBe(stream);
    const [bytes] = await once(stream, 'data');
    expect(String(bytes)).toBe('hello');
    unread.reset();
    expect(unread.isOpen).toBe(false);
    unread.close();
    expect(() => unread.fd()).toThrow();
  },
);

test('dial() rejects with ECONNREFUSED when nobody listens', async () => {
  const { port } = await listening();
  for (const cleanup of cleanups.splice(0)) cleanup();
  const refused = async () => dial(addon, { family: 4, address: '127.0.0.1', port }, never).connection;
  await expect(refused()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an invalid address or port is refused before a socket is made', () => {
  for (const [address, port] of [
    ['localhost', 80],
    ['', 80],
    ['127.0.0.1', 65_536],
    ['127.0.0.1', -1],
  ] as const)
    expect(() => dial(addon, { family: 4, address, port }, never)).toThrow(/EINVAL|address or port/);
});

/** The queue of this listener is full, so it answers nobody. */
const FULL = `import socket, sys
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(0)
kept = [socket.socket() for _ in range(2)]
for s in kept: s.setblocking(False); s.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)
sys.stdin.read()`;

test('an abort ends a connection attempt that is under way', async () => {
  const full = spawn('python3', ['-c', FULL], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanups.push(() => full.stdin.end());
  const [line] = await once(full.stdout, 'data');
  const stop = new AbortController();
  const options = { family: 4, address: '127.0.0.1', port: Number(line) } as const;
  const { connection } = dial(addon, options, stop.signal);
  expect(connection).toBeInstanceOf(Promise);
  stop.abort(new Error('enough'));
  await expect(connection).rejects.toThrow('enough');
  expect(() => dial(addon, options, stop.signal)).toThrow('enough');
});
