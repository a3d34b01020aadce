import { accessSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, SHIM, SHIM_BUILD } from '../test/lib/make-shim.ts';

const X64 = join(SHIM_BUILD, 'libboxer.so');
const ARM64 = join(SHIM_BUILD, 'arm64/libboxer.so');

const lines = (text: string) => text.split('\n').filter(Boolean);
const symbolsOf = async (library: string, which: '--defined-only' | '--undefined-only') =>
  lines((await execa('nm', ['-D', which, '--format=just-symbols', library])).stdout).sort();

const isInstalled = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program));
      return true;
    } catch {
      return false;
    }
  });

/**
 * The calls that transfer bytes or wait for them, under all names in glibc and musl. They go to the kernel.
 */
const DATA_PATH = [
  ...['read', 'readv', 'pread', 'pread64', 'preadv', 'preadv2', '__read', '__read_chk', '__pread64'],
  ...[
    'write',
    'writev',
    'pwrite',
    'pwrite64',
    'pwritev',
    'pwritev2',
    '__write',
    'sendfile',
    'sendfile64',
    'splice',
  ],
  ...['send', '__send', 'recv', '__recv_chk', 'copy_file_range'],
  ...[
    'poll',
    '__poll',
    '__poll_chk',
    'ppoll',
    '__ppoll_chk',
    'select',
    '__select',
    'pselect',
    'vmsplice',
    'tee',
  ],
  ...['epoll_create', 'epoll_create1', 'epoll_ctl', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'eventfd'],
  ...['socket', 'socketpair', 'shutdown', 'io_uring_enter', 'mmap', 'fsync', 'fork', 'vfork'],
];

/** The object has to load with any libc: it may only need what both glibc 2.17 and musl have. */
async function expectPortable(library: string) {
  const { stdout: dynamic } = await execa('readelf', ['-dW', library]);
  // RELR, symbol versions and thread-local storage need a newer loader or a certain libc. Not every system
  // allows text relocations.
  expect(dynamic).not.toMatch(/NEEDED|TEXTREL|RELR|VERNEED|VERSYM|STATIC_TLS|RPATH|RUNPATH/);
  // Old loaders only know one of the two hash tables, and new loaders of some distributions only the other
  // one.
  expect(dynamic).toMatch(/\(HASH\)/);
  expect(dynamic).toMatch(/\(GNU_HASH\)/);
  const { stdout: segments } = await execa('readelf', ['-lW', library]);
  expect(segments).not.toMatch(/\bTLS\b|INTERP|RWE/);
  const { stdout: relocations } = await execa('readelf', ['-rW', library]);
  const kinds = new Set([...relocations.matchAll(/\bR_(?:X86_64|AARCH64)_\w+/g)].map(([kind]) => kind));
  for (const kind of kinds) expect(kind).toMatch(/_(RELATIVE|GLOB_DAT)$/);
  expect(await symbolsOf(library, '--undefined-only')).toEqual([
    '__errno_location',
    '__h_errno_location',
    '_dl_debug_addr',
    '_r_debug',
    'dl_iterate_phdr',
    'environ',
  ]);
}

beforeAll(() => makeShim(['all']));

test('the object needs no library, no symbol version, and no loader newer than that of glibc 2.17', () =>
  expectPortable(X64));

test('no call that transfers bytes or waits for them is intercepted', async () => {
  const exported = new Set(await symbolsOf(X64, '--defined-only'));
  expect(exported).toContain('connect');
  expect(DATA_PATH.filter((name) => exported.has(name))).toEqual([]);
});

/** Without the emulator or the compiler for arm64, these tests count as not run. */
const crossCompiled = isInstalled('aarch64-linux-gnu-gcc') ? describe : describe.skip;
const emulated =
  isInstalled('aarch64-linux-gnu-gcc') && isInstalled('qemu-aarch64-static') ? test : test.skip;

crossCompiled('for arm64 (needs aarch64-linux-gnu-gcc)', () => {
  beforeAll(() => makeShim(['arm64']));

  test('the object for arm64 is as portable, and exports the same symbols', async () => {
    await expectPortable(ARM64);
    expect((await execa('readelf', ['-h', ARM64])).stdout).toMatch(/Machine:\s+AArch64/);
    expect(await symbolsOf(ARM64, '--defined-only')).toEqual(await symbolsOf(X64, '--defined-only'));
  });

  emulated(
    'programs behave as without it (needs qemu-aarch64-static)',
    async () => {
      const { exitCode, all } = await execa('make', ['-s', '-C', SHIM, 'test-arm64'], {
        all: true,
        reject: false,
      });
      expect({ exitCode, bad: lines(all).filter((line) => /fail|differs|error/i.test(line)) }).toEqual({
        exitCode: 0,
        bad: [],
      });
      expect(all).toContain('arm64 naming: ok');
    },
    120_000,
  );
});
