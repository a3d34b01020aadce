import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from '@jest/globals';
import { bringToSidecar } from './sidecar.ts';

const cleanups: Array<() => unknown> = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const TOKEN = '00112233445566778899aabbccddeeff';
const never = new AbortController().signal;

/** An echo server in another process, as a sidecar is. */
async function sidecar(): Promise<number> {
  const program = `const s = require('net').createServer((c) => c.pipe(c));
    s.listen(0, () => console.log(s.address().port));`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => child.kill());
  if (!child.stdout) throw new Error('no output');
  const [line] = await once(createInterface(child.stdout), 'line');
  return Number(line);
}

async function listening(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const introduction = (port: number, relay: number) => ({
  port,
  relay: { address: '127.0.0.1', port: relay },
  token: TOKEN,
  peer: { address: '198.18.0.2', port: 4242 },
});

test('bringToSidecar() connects to another program that listens in this network', async () => {
  const heard = Promise.withResolvers<string>();
  const relay = await listening((socket) => {
    const bytes: Buffer[] = [];
    socket.on('data', (chunk) => bytes.push(chunk));
    socket.on('end', () => heard.resolve(Buffer.concat(bytes).toString('hex')));
    socket.end('hello');
  });
  await bringToSidecar(introduction(await sidecar(), relay), never);
  expect(await heard.promise).toBe(TOKEN + Buffer.from('hello').toString('hex'));
});

test('bringToSidecar() fails with ECONNREFUSED for a port of this process, and for a port without listener', async () => {
  const own = createServer().listen(0, '0.0.0.0');
  cleanups.push(() => own.close());
  await once(own, 'listening');
  const { port } = own.address() as AddressInfo;
  for (const wanted of [port, 1])
    await expect(bringToSidecar(introduction(wanted, 1), never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
});
