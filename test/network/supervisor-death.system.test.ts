import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, TESTBED_BUILD } from '../lib/make-shim.ts';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay } from './lib/overlay.ts';
import { socketOf } from './lib/socket-of.ts';

// The guests of these tests outlive their supervisors. In a container or a function they cannot.

const PORT = 7100;

const SERVER = `
import socket, threading
def echo(connection):
    while data := connection.recv(100): connection.sendall(data)
server = socket.create_server(('0.0.0.0', ${PORT}))
print('ready', flush=True)
while True: threading.Thread(target=echo, args=(server.accept()[0],), daemon=True).start()
`;

const CLIENT = `
import errno, socket, sys
connections = {}
for line in sys.stdin:
    command, host = line.split()
    try:
        if command == 'connect': connections[host] = socket.create_connection((host, ${PORT}), timeout=20)
        if command == 'echo':
            connections[host].sendall(b'hello')
            assert connections[host].recv(100) == b'hello'
        if command == 'getpeername': assert connections[host].getpeername() == (host, ${PORT})
        if command == 'resolve': socket.getaddrinfo(host, ${PORT})
        print('done', flush=True)
    except OSError as error: print(errno.errorcode.get(error.errno, error), flush=True)
`;

let bed: Bed;
const cleanups: Array<() => void> = [];

/**
 * Starts a guest of the node's supervisor outside the supervisor's PID namespace, so that it outlives the
 * supervisor. `request` sends a line and resolves to the line that the guest answers.
 */
async function guestOf(node: BoxedNode, program: string) {
  const env = { BOXER_SOCKET: await socketOf(node), LD_PRELOAD: join(TESTBED_BUILD, 'libboxer.so') };
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const guest = execa(
    'nsenter',
    [`--net=${node.host.namespace.path}`, 'env', ...set, 'python3', '-uc', program],
    {
      buffer: false,
      reject: false,
    },
  );
  cleanups.push(() => guest.kill('SIGKILL'));
  const lines = createInterface({ input: guest.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return {
    next,
    request(line: string) {
      guest.stdin.write(`${line}\n`);
      return next();
    },
  };
}

beforeAll(async () => {
  bed = await createBed();
  makeShim(['all'], TESTBED_BUILD);
});

afterAll(async () => {
  for (const cleanup of cleanups) cleanup();
  await bed?.remove();
});

test('connections outlive the supervisors of both ends, and new ones fail with ENETUNREACH', async () => {
  const overlay = await startOverlay(bed);
  const client = await overlay.node('client', await bed.host());
  const servers = [
    await overlay.node('open', await bed.host()),
    await overlay.node('silent', await (await bed.site('silent')).host()),
    await overlay.node('symmetric', await (await bed.site('symmetric')).host()),
  ];
  const addresses = new Map((await overlay.nodes()).map(({ service, address }) => [service, address]));
  const [direct, punched, relayed] = servers.map(({ name }) => addresses.get(name) ?? '');
  for (const server of servers) expect(await (await guestOf(server, SERVER)).next()).toBe('ready');
  const guest = await guestOf(client, CLIENT);
  /** Gives `command` for the direct, the punched and the relayed server, in this order. */
  const requestAll = async (command: string) => {
    const answers = [];
    for (const address of [direct, punched, relayed])
      answers.push(await guest.request(`${command} ${address}`));
    return [command, ...answers];
  };
  const done = ['done', 'done', 'done'];
  for (const command of ['connect', 'echo', 'getpeername'])
    expect(await requestAll(command)).toEqual([command, ...done]);

  for (const node of [client, ...servers]) process.kill(node.pid, 'SIGKILL');
  expect(await requestAll('echo')).toEqual(['echo', ...done]);
  expect(await requestAll('getpeername')).toEqual(['getpeername', ...done]);
  // Without the supervisor, only a direct connection can be made: its packets go to the server itself.
  expect(await requestAll('connect')).toEqual(['connect', 'done', 'ENETUNREACH', 'ENETUNREACH']);
  expect(await guest.request('resolve silent')).toBe('done');
  expect(await guest.request(`echo ${direct}`)).toBe('done');
});
