import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const SHIM = new URL('../../shim-c/', import.meta.url).pathname;
const BUILD = new URL('../../build/shim/', import.meta.url).pathname;

export type Side = 'native' | 'boxed';

/** The call that `shim-c/test/measure.c` measures. */
export interface Call {
  readonly what: string;
  readonly repetitions: number;
  readonly target?: string;
}

/** The usual remaps of a function. The monitor compares every path with them. */
const REMAP = [
  ...[
    '/run/secrets/password',
    '/etc/resolv.conf',
    '/etc/hostname',
    '/etc/hosts',
    '/etc/boxer',
    '/dev/shm',
    '/run',
  ],
  ...['/var/cache', '/var/spool', '/var/lock', '/var/run', '/var/lib', '/var/log', '/var/tmp'],
]
  .sort((a, b) => b.length - a.length)
  .map((path) => `${path}=/tmp/.boxer/writable${path}`)
  .join(':');

export interface Measurer {
  /** Resolves to the median of one process, in ns; for `memory`, in bytes. */
  measure(side: Side, call: Call): Promise<number>;
  /** Resolves to the number of instructions that one process executes in user space, counted by valgrind. */
  instructions(side: Side, call: Call): Promise<number>;
  close(): void;
}

/**
 * Builds the measuring program. Each measurement runs in its own network namespace, in which 127.0.0.1
 * answers DNS queries at once.
 */
export async function startMeasurer(): Promise<Measurer> {
  await execa('make', ['-s', '-C', SHIM, 'measurer']);
  const folder = mkdtempSync(join(tmpdir(), 'boxer-bench-'));
  const resolver = join(folder, 'resolv.conf');
  writeFileSync(resolver, 'nameserver 127.0.0.1\n');
  const program = join(BUILD, 'work/test/measure');
  const run = async (side: Side, command: readonly string[], environment: Record<string, string> = {}) => {
    const library = side === 'native' ? 'native' : join(BUILD, 'libboxer.so');
    const supervised = [join(BUILD, 'work/test/supervisor'), library, join(folder, 'log')];
    const inside = [...supervised, program, 'dns', '0', ...command];
    const mounted = ['-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolver, ...inside];
    return execa('unshare', ['--mount', 'sh', ...mounted], {
      cwd: '/',
      env: { ...environment, ...(side === 'boxed' ? { BOXER_REMAP: REMAP } : {}) },
    });
  };
  const argv = ({ what, repetitions, target }: Call) => [
    program,
    what,
    String(repetitions),
    ...(target === undefined ? [] : [target]),
  ];
  return {
    async measure(side, call) {
      const value = Number((await run(side, argv(call))).stdout);
      if (!(value > 0)) throw new Error(`${side} ${call.what} measured nothing`);
      return value;
    },
    async instructions(side, call) {
      const counted = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', ...argv(call)];
      const { stderr } = await run(side, counted, { MEASURE_UNSORTED: '1' });
      const found = /Collected : (\d+)/.exec(stderr)?.[1];
      if (found === undefined) throw new Error(`valgrind counted nothing: ${stderr.slice(-300)}`);
      return Number(found);
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
