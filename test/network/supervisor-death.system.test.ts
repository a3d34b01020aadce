import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, TESTBED_BUILD } from '../lib/make-shim.ts';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay } from './lib/overlay.ts';
import { socketOf } from './lib/socket-of.ts';

/** Guests that live longer than their supervisors, which in a container or a function they cannot. */

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
kept = {}
for line in sys.stdin:
    what, address = line.split()
    try:
        if what == 'open': kept[address] = socket.create_connection((address, ${PORT}), timeout=20)
        if what == 'talk': kept[address].sendall(b'hello'); assert kept[address].recv(100) == b'hello'
        if what == 'name': assert kept[address].getpeername() == (address, ${PORT})
        if what == 'find': socket.getaddrinfo(address, ${PORT})
        print('done', flush=True)
    except OSError as error: print(errno.errorcode.get(error.errno, error), flush=True)
`;

let bed: Bed;
const cleanups: Array<() => void> = [];

/**
 * A guest of the node's supervisor, but not in its process namespace; `say` gives the line that it answers.
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
    say(line: string) {
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

test('established connections outlive the supervisors of both ends; new ones fail for an honest reason', async () => {
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
  const say = async (what: string) => {
    const answers = [];
    for (const address of [direct, punched, relayed]) answers.push(await guest.say(`${what} ${address}`));
    return answers;
  };
  const done = ['done', 'done', 'done'];
  for (const what of ['open', 'talk', 'name']) expect([what, await say(what)]).toEqual([what, done]);

  for (const node of [client, ...servers]) process.kill(node.pid, 'SIGKILL');
  expect(['talk', await say('talk')]).toEqual(['talk', done]);
  expect(['name', await say('name')]).toEqual(['name', done]);
  expect(['open', await say('open')]).toEqual(['open', ['done', 'ENETUNREACH', 'ENETUNREACH']]);
  expect(await guest.say('find silent')).toBe('done');
  expect(await guest.say(`talk ${direct}`)).toBe('done');
});
