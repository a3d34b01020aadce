import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { builtAddon } from '../service/addon-testbed.ts';
import { SIGNAL_SOURCE } from '../service/shared-table.ts';
import type { Listener } from './listeners.ts';
import { connection, fateOf } from './relay/socket-testbed.ts';
import { SignalConnections } from './signal-connections.ts';
import { parseSignalStates } from './signal-states.ts';
import { unreadOf } from './unread.ts';

/** The guests of these tests have no process monitor: they take a signal connection for a real one. */

const names = {
  local: { address: '198.18.0.1', port: 80 },
  peer: { address: '198.18.0.2', port: 4242 },
};
const never = new AbortController().signal;
let connections: SignalConnections;
/** Number of times that the listeners were refreshed. */
let refreshes: number;
let there: Listener | undefined;
const cleanups: Array<() => unknown> = [];

beforeEach(() => {
  refreshes = 0;
  there = undefined;
  const refresh = () => {
    refreshes += 1;
  };
  connections = new SignalConnections({ addon: builtAddon(), listeners: { at: () => there, refresh } });
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  connections.close();
});

const listenerAt = (port: number): Listener => ({
  port,
  family: 4,
  reach: '127.0.0.1',
  loopbackOnly: false,
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Offers one end of a new connection to the listener on `port`. Resolves to the far end. */
async function offered(port: number): Promise<Socket> {
  const [far, socket] = await connection();
  cleanups.push(() => far.destroy());
  await connections.offer({ connection: unreadOf(socket), listener: listenerAt(port), names }, never);
  return far;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

const echo = (socket: Socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
};

test('a connection is bridged as soon as the guest sends a byte', async () => {
  const port = await listening(createServer((socket) => socket.end('220 hello\r\n')));
  connections.monitored(port, true);
  const far = await offered(port);
  expect(await textOf(far)).toBe('220 hello\r\n');
});

test('a guest that waits for its client is bridged when the kernel shows that it has accepted', async () => {
  const port = await listening(createServer({ allowHalfOpen: true }, echo));
  connections.monitored(port, true);
  for (const text of ['the first is found', 'the second is expected']) {
    const far = await offered(port);
    far.end(text);
    expect(await textOf(far)).toBe(text);
  }
});

test('namesOf() returns the overlay endpoints of a bridged connection', async () => {
  const accepted = Promise.withResolvers<Socket>();
  const port = await listening(createServer((socket) => accepted.resolve(socket)));
  const far = await offered(port);
  const guest = await accepted.promise;
  const peer = { address: SIGNAL_SOURCE, port: guest.remotePort ?? 0 };
  expect(guest.remoteAddress).toBe(SIGNAL_SOURCE);
  expect(connections.namesOf({ peer })).toEqual(names);
  // A process monitor that asks late is told to keep the signal connection.
  expect(connections.accept({ peer })).toEqual(names);
  far.write('through');
  expect(String((await once(guest, 'data'))[0])).toBe('through');
  guest.destroy();
});

test('the far end sees a guest close or reset the connection at once', async () => {
  const closing = await listening(createServer((socket) => socket.destroy()));
  connections.monitored(closing, true);
  expect(await textOf(await offered(closing))).toBe('');
  const resetting = await listening(createServer((socket) => socket.resetAndDestroy()));
  expect(await fateOf(await offered(resetting))).toBe('ECONNRESET');
});

/** Starts a listener whose queue nobody serves. `options` is Python code that runs after listen(). */
async function idleListener(options: string): Promise<{ port: number; say: (text: string) => void }> {
  const program = `
import socket, sys
s = socket.socket()
s.bind(('0.0.0.0', 0))
s.listen(8)
${options}
print(s.getsockname()[1], flush=True)
sys.stdin.readline()
s.close() if sys.stdin.readline() == 'close\\n' else s.accept()[0].sendall(b'late')
sys.stdin.readline()
`;
  const guest = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanups.push(() => guest.kill('SIGKILL'));
  const [line] = await once(guest.stdout, 'data');
  return { port: Number(line), say: (text) => guest.stdin.write(`\n${text}\n`) };
}

test('a listener that closes while connections are queued resets them', async () => {
  const { port, say } = await idleListener('');
  connections.monitored(port, true);
  const far = await offered(port);
  const fate = fateOf(far);
  say('close');
  expect(await fate).toBe('ECONNRESET');
});

test('a listener with TCP_DEFER_ACCEPT gets its connections', async () => {
  const { port, say } = await idleListener('s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)');
  connections.monitored(port, true);
  say('accept');
  const far = await offered(port);
  far.write('request');
  expect(String((await once(far, 'data'))[0])).toBe('late');
});

test('all connections reach a listener with a short queue, even those the kernel has dropped', async () => {
  // A busy server: its queue is full again and again, and the kernel answers further connections with SYN
  // cookies.
  const program = `
import socket, sys, time
s = socket.socket()
s.bind(('0.0.0.0', 0))
s.listen(1)
print(s.getsockname()[1], flush=True)
time.sleep(0.3)
kept = []
while True:
    kept.append(s.accept())
    print(kept[-1][1][1], flush=True)
    if sys.stdin.readline() == 'keep\\n': kept[-1][0].sendall(b'hello')
`;
  const guest = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanups.push(() => guest.kill('SIGKILL'));
  const lines = createInterface(guest.stdout);
  const port = Number((await once(lines, 'line'))[0]);
  connections.monitored(port, true);
  // This code acts as the process monitor, which asks for the connection, and as the guest, which greets. On
  // a slow machine it asks too late, and is told to keep the signal connection.
  lines.on('line', (line) => {
    const { fd, release } = connections.accept({ peer: { address: SIGNAL_SOURCE, port: Number(line) } });
    if (fd !== undefined) writeSync(fd, 'hello');
    release?.();
    guest.stdin.write(fd === undefined ? 'keep\n' : 'exchanged\n');
  });
  // A connection that is bridged because of such a late request can be dropped, too. It reaches the guest
  // with its first data, as a native connection does.
  const greeted = async () => {
    const far = await offered(port);
    const sending = setTimeout(() => far.write('data'), 20_000);
    const [greeting] = await once(far, 'data');
    clearTimeout(sending);
    return String(greeting);
  };
  const all = await Promise.all(Array.from({ length: 40 }, greeted));
  expect(all).toEqual(Array.from({ length: 40 }, () => 'hello'));
});

test('offer() looks for listeners again, and resets the connection if nobody listens any more', async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  const [far, socket] = await connection();
  const fate = fateOf(far);
  await expect(
    connections.offer({ connection: unreadOf(socket), listener: listenerAt(port), names }, never),
  ).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  expect([await fate, refreshes]).toEqual(['ECONNRESET', 1]);
});

test('a listener that was closed and reopened on another address is found there', async () => {
  const server = createServer({ allowHalfOpen: true }, echo);
  server.listen(0, '127.0.0.2');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  there = { ...listenerAt(port), reach: '127.0.0.2' };
  const far = await offered(port);
  far.end('hello');
  expect(await textOf(far)).toBe('hello');
});

test('parseSignalStates() reads signal connections as the kernel prints them', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '  60: 0100007F:CDB5 584F427F:9A71 01 00000000:00000000 00:00000000 00000000     0        0 ' +
      '43765 1 0 20 0 0 10 -1',
    '  61: 0100007F:CDB5 584F427F:9A72 01 00000000:00000000 00:00000000 00000000     0        0 0 1 ' +
      '0 20 0 0 10 -1',
    '  92: 0000000000000000FFFF00000100007F:A741 0000000000000000FFFF0000584F427F:8ECB 03 ' +
      '00000000:00000000 01:00000064 00000000     0        0 0 0 0',
    '  93: 584F427F:9A71 0100007F:CDB5 01 00000000:00000000 00:00000000 00000000     0        0 ' +
      '43763 2 0 20 0 0 10 -1',
    // The queue of another listener is full. A connection that waits there (8ECC) is not deferred, and of
    // another one (8ECD) the kernel remembers nothing at the listener's end.
    '  94: 0100007F:1F40 00000000:0000 0A 00000000:00000006 00:00000000 00000000     0        0 ' +
      '43768 1 0 100 0 0 10 5',
    '  95: 0100007F:1F40 584F427F:8ECC 03 00000000:00000000 01:00000064 00000000     0        0 0 1 ' +
      '0 20 0 0 10 -1',
    '  96: 584F427F:8ECD 0100007F:1F40 01 00000000:00000000 00:00000000 00000000     0        0 ' +
      '43769 2 0 20 0 0 10 -1',
    'nonsense 584F427F',
  ].join('\n');
  expect([...parseSignalStates(text)]).toEqual([
    [0x9a71, 'accepted'],
    [0x9a72, 'queued'],
    [0x8ecb, 'deferred'],
    [0x8ecc, 'queued'],
    [0x8ecd, 'lost'],
  ]);
});
