import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type Addon, loadAddon, type ReapedChild } from '../supervisor/service/addon.ts';
import { TABLE_SIZE } from '../supervisor/service/shared-table.ts';
import { REQUEST_SIZE } from '../supervisor/service/wire.ts';
import { makeShim, SHIM_BUILD } from '../test/lib/make-shim.ts';

/** Bytes of a reply; see service-wire.h. */
const REPLY_SIZE = 352;

const ADDON = `${SHIM_BUILD}/boxer.node`;
let addon: Addon;

beforeAll(() => {
  makeShim(['all']);
  addon = loadAddon(ADDON);
});

async function end(pid: number, keep: number[] = []): Promise<ReapedChild | undefined> {
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
  const request = Buffer.alloc(REQUEST_SIZE);
  const answer = (id: number) => {
    const reply = Buffer.alloc(REPLY_SIZE);
    request.copy(reply, 0, 0, 6);
    addon.serviceAnswer(service, id, reply, table);
  };
  const name = `boxer-addon-test-${process.pid}`;
  const service = addon.serviceStart(name, 8, 10_000, request, answer, () => undefined);
  const { stdout } = await execa('hostname', {
    env: {
      LD_PRELOAD: `${SHIM_BUILD}/libboxer.so`,
      BOXER_SOCKET: `@${name}`,
    },
  });
  expect(stdout).toBe('worker-1');
  addon.serviceStop(service);
  closeSync(table);
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
    for (let i = 0; i < 20000; i++) {
      kept.push(createSecretKey(Buffer.alloc(64, 1)));
      passing.push(createSecretKey(Buffer.alloc(4000, 1)));
    }
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
