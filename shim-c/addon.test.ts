import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';

interface Ended {
  pid: number;
  code: number | null;
  signal: number | null;
}

interface Addon {
  memfdCreate(name: string, size: number): number;
  sendFd(socket: number, fd: number, bytes: Buffer): void;
  dupFd(fd: number): number;
  closeFd(fd: number): void;
  pipe(): [number, number];
  reap(keep: number[]): Ended[];
  prctlSubreaper(): void;
  spawnGuest(guest: {
    args: string[];
    env: string[];
    cwd: string;
    stdio: number[];
    newGroup: boolean;
  }): number;
}

let addon: Addon;

beforeAll(async () => {
  await execa('make', ['-s', '-C', new URL('.', import.meta.url).pathname, 'all']);
  addon = createRequire(import.meta.url)('../build/shim/boxer.node');
}, 120_000);

/** Runs a guest, gives what it wrote and how it ended. */
async function run(args: string[], options: { env?: string[]; cwd?: string } = {}) {
  const [reader, writer] = addon.pipe();
  const pid = addon.spawnGuest({
    args,
    env: options.env ?? ['PATH=/usr/bin:/bin'],
    cwd: options.cwd ?? '/',
    stdio: [0, writer, writer],
    newGroup: true,
  });
  addon.closeFd(writer);
  const bytes = Buffer.alloc(4096);
  let length = 0;
  for (let got = 1; got > 0; length += got)
    got = readSync(reader, bytes, length, bytes.length - length, null);
  closeSync(reader);
  return { pid, output: bytes.toString('utf8', 0, length), ended: await end(pid) };
}

async function end(pid: number, keep: number[] = []): Promise<Ended | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = addon.reap(keep).find((child) => child.pid === pid);
    if (found) return found;
    await sleep(10);
  }
  return undefined;
}

test('a memory file has its size and can be written', () => {
  const fd = addon.memfdCreate('table', 8192);
  expect(fstatSync(fd).size).toBe(8192);
  const copy = addon.dupFd(fd);
  writeSync(fd, 'hello', 0);
  expect(readFileSync(`/proc/self/fd/${copy}`, 'utf8').slice(0, 5)).toBe('hello');
  addon.closeFd(copy);
  expect(() => addon.closeFd(copy)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  closeSync(fd);
});

test('a descriptor reaches a guest: the shared table names its host', async () => {
  const table = addon.memfdCreate('table', 512 * 1024);
  const { table: golden } = JSON.parse(
    readFileSync(new URL('../test/golden/service-wire.json', import.meta.url), 'utf8'),
  );
  writeSync(table, Buffer.from(golden.headerHex, 'hex'), 0, undefined, 0);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request: Buffer) => {
      const reply = Buffer.alloc(352);
      request.copy(reply, 0, 0, 6);
      addon.sendFd(Reflect.get(Reflect.get(socket, '_handle'), 'fd'), table, reply);
      socket.end();
    });
  });
  server.listen(`\0boxer-addon-test-${process.pid}`);
  await once(server, 'listening');
  const { stdout } = await execa('hostname', {
    env: {
      LD_PRELOAD: new URL('../build/shim/libboxer.so', import.meta.url).pathname,
      BOXER_SOCKET: `@boxer-addon-test-${process.pid}`,
    },
  });
  expect(stdout).toBe('worker-1');
  server.close();
  closeSync(table);
  expect(() => addon.sendFd(table, table, Buffer.alloc(1))).toThrow(
    expect.objectContaining({ code: 'EBADF' }),
  );
});

test('a guest gets its arguments, environment, folder and group, and its end is told', async () => {
  const { pid, output, ended } = await run(
    ['sh', '-c', 'echo "$0 $1 $A $PWD $(ps -o pgid= $$ 2>/dev/null || echo $$)"; exit 3', 'x y', 'z'],
    { env: ['PATH=/usr/bin:/bin', 'A=b'], cwd: '/tmp' },
  );
  expect(output.replace(/ +/g, ' ').trim()).toBe(`x y z b /tmp ${pid}`);
  expect(ended).toEqual({ pid, code: 3, signal: null });
});

test('a guest starts with the default signal dispositions', async () => {
  const { output } = await run(['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status']);
  expect(output.match(/[0-9a-f]{16}/g)).toEqual(['0'.repeat(16), '0'.repeat(16)]);
});

test('a guest that a signal ends tells which one', async () => {
  const { pid, ended } = await run(['sh', '-c', 'kill -9 $$']);
  expect(ended).toEqual({ pid, code: null, signal: 9 });
});

test.each([
  [['nosuchprogram'], '/', 'ENOENT', /^exec nosuchprogram/],
  [['/etc/passwd'], '/', 'EACCES', /^exec/],
  [['/bin/true'], '/nosuchfolder', 'ENOENT', /^chdir \/nosuchfolder/],
])('what cannot be started says why: %j in %s', (args, cwd, code, message) => {
  const guest = { args, env: ['PATH=/usr/bin:/bin'], cwd, stdio: [0, 1, 2], newGroup: false };
  expect(() => addon.spawnGuest(guest)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
  expect(() => addon.spawnGuest({ ...guest, args: [] })).toThrow('args must not be empty');
});

test('reaping leaves the children that Node waits for, even when they ended first', async () => {
  const kept = spawn('sh', ['-c', 'exit 7']);
  const { pid } = kept;
  if (pid === undefined) throw new Error('not started');
  const ended = once(kept, 'exit');
  const guest = {
    args: ['sh', '-c', 'exit 4'],
    env: ['PATH=/usr/bin:/bin'],
    cwd: '/',
    stdio: [0, 1, 2],
    newGroup: false,
  };
  const others = [addon.spawnGuest(guest), addon.spawnGuest(guest)];
  const busyUntil = Date.now() + 200; // Node's own SIGCHLD handler must not run before ours.
  while (Date.now() < busyUntil);
  expect(
    addon
      .reap([pid])
      .map((child) => child.pid)
      .sort(),
  ).toEqual(others.sort());
  expect(await ended).toEqual([7, null]);
});

test('orphans come to a subreaper', async () => {
  addon.prctlSubreaper();
  const { output } = await run(['sh', '-c', 'sh -c "sleep 0.1; exit 6" >/dev/null 2>&1 & echo $!']);
  const orphan = Number(output);
  expect(await end(orphan)).toEqual({ pid: orphan, code: 6, signal: null });
});
