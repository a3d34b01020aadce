import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { TABLE_SIZE } from '../supervisor/service/shared-table.ts';

interface Ended {
  pid: number;
  code: number | null;
  signal: number | null;
}

interface Addon {
  memfdCreate(name: string, size: number): number;
  sendFd(socket: number, fd: number, bytes: Buffer): void;
  reap(keep: number[]): Ended[];
  prctlSubreaper(): void;
  tryCalls(): { name: string; errno: number; signal: number }[];
}

const folder = new URL('.', import.meta.url).pathname;
const ADDON = new URL('../build/shim/boxer.node', import.meta.url).pathname;
let addon: Addon;

beforeAll(async () => {
  await execa('flock', [folder, 'make', '-s', '-C', folder, 'all']);
  addon = createRequire(import.meta.url)('../build/shim/boxer.node');
});

async function end(pid: number, keep: number[] = []): Promise<Ended | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = addon.reap(keep).find((child) => child.pid === pid);
    if (found) return found;
    await sleep(10);
  }
  return undefined;
}

test('a memory file has the given size and is writable', () => {
  const fd = addon.memfdCreate('table', 8192);
  expect(fstatSync(fd).size).toBe(8192);
  writeSync(fd, 'hello', 0);
  expect(readFileSync(`/proc/self/fd/${fd}`, 'utf8').slice(0, 5)).toBe('hello');
  closeSync(fd);
});

test('a guest receives the descriptor of the shared table, which contains its host name', async () => {
  const table = addon.memfdCreate('table', 2 * TABLE_SIZE);
  const { table: golden } = JSON.parse(
    readFileSync(new URL('../test/golden/service-wire.json', import.meta.url), 'utf8'),
  );
  for (const copy of [0, TABLE_SIZE])
    writeSync(table, Buffer.from(golden.headerHex, 'hex'), 0, undefined, copy);
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

/** Starts programs whose parent ends before them, and returns their pids. Node only waits for the parent. */
async function orphans(...programs: string[]): Promise<number[]> {
  addon.prctlSubreaper();
  const jobs = programs.map((program) => `sh -c '${program}' >/dev/null & echo $!`);
  const { stdout } = await execa('sh', ['-c', jobs.join('\n')]);
  return stdout.split('\n').map(Number);
}

test('a subreaper becomes the parent of orphans, and gets their exit states', async () => {
  const [first = 0, second = 0] = await orphans('sleep 0.1; exit 6', 'sleep 0.1; kill -9 $$');
  expect(await end(first, [second])).toEqual({ pid: first, code: 6, signal: null });
  expect(await end(second)).toEqual({ pid: second, code: null, signal: 9 });
});

test('reaping does not reap children that Node waits for, even if they end first', async () => {
  const others = await orphans('sleep 0.1; exit 4', 'sleep 0.1; exit 4');
  const kept = spawn('sh', ['-c', 'exit 7']);
  const { pid } = kept;
  if (pid === undefined) throw new Error('not started');
  const ended = once(kept, 'exit');
  const busyUntil = Date.now() + 300; // Node's own SIGCHLD handler must not run before ours.
  while (Date.now() < busyUntil);
  const reaped = addon.reap([pid]);
  expect(reaped.map((child) => child.pid).sort()).toEqual(others.sort());
  expect(reaped.map(({ code }) => code)).toEqual([4, 4]);
  expect(await ended).toEqual([7, null]);
});

test('memory that was freed between blocks in use is returned to the kernel', async () => {
  // This runs in a separate process, in which no other code allocates memory.
  const script = `
    const addon = require(process.argv[1]);
    const { createHash, createSecretKey } = require('node:crypto');
    const kept = [], passing = [];
    // Blocks of libc's heap: small ones that stay, and larger ones between them that are freed.
    for (let i = 0; i < 20000; i++) { kept.push(createSecretKey(Buffer.alloc(64, 1))); passing.push(createSecretKey(Buffer.alloc(4000, 1))); }
    passing.length = 0;
    for (let i = 0; i < 3; i++) gc();
    setTimeout(() => {
      const before = process.memoryUsage().rss;
      addon.trimMemory();
      console.log(before - process.memoryUsage().rss, kept.length);
    }, 100);`;
  const { stdout } = await execa(process.execPath, ['--expose-gc', '-e', script, ADDON]);
  const [returned = 0, kept] = stdout.split(' ').map(Number);
  expect(kept).toBe(20_000);
  expect(returned).toBeGreaterThan(20 * 2 ** 20);
});

test('system calls are tried in separate processes, and do not change this process', () => {
  const before = readFileSync('/proc/self/status', 'utf8');
  const calls = addon.tryCalls();
  const of = (name: string) => calls.find((call) => call.name === name);
  expect(of('memfd_create')).toEqual({ name: 'memfd_create', errno: 0, signal: 0 });
  expect(of('epoll_create1')?.errno).toBe(0);
  expect(new Set(calls.map(({ name }) => name)).size).toBe(calls.length);
  const status = (text: string) => text.match(/^(NoNewPrivs|Seccomp|Name|TracerPid|Uid):.*$/gm);
  expect(status(readFileSync('/proc/self/status', 'utf8'))).toEqual(status(before));
  expect(addon.reap([])).toEqual([]);
});
