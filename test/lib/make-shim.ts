import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './repository-files.ts';

/** The sources of the process monitor and of the native addon. */
export const SHIM = join(ROOT, 'shim-c');

/** Where they are built for everybody. */
export const SHIM_BUILD = join(ROOT, 'build/shim');

/**
 * Where they are built for the network's test bed, so that another build changes nothing under a running
 * test.
 */
export const TESTBED_BUILD = join(ROOT, 'build/testbed/shim');

/**
 * Makes targets of shim-c where they are missing or out of date. Throws an error with the compiler's words.
 */
export function makeShim(targets: readonly string[], build = SHIM_BUILD): void {
  mkdirSync(build, { recursive: true });
  if (build === TESTBED_BUILD) startFrom(SHIM_BUILD, build);
  // The lock prevents that make overwrites a file while another process makes or loads it.
  execFileSync('flock', [build, 'make', '-s', '-C', SHIM, `BUILD=${build}`, ...targets], { stdio: 'pipe' });
}

/**
 * Copies what is compiled in `from` into an empty build folder. The compiler takes most of a minute for it,
 * and make finds the copies up to date by their times. Does not touch a folder in which something was built,
 * because a test may run what is in there.
 */
function startFrom(from: string, build: string): void {
  makeShim(['all'], from);
  const copy = [
    '[ -e "$1/libboxer.so" ] && exit',
    'mkdir -p "$1/work"',
    'cp -Rp "$0/work/monitor" "$0/work/addon" "$0/work/exports.map" "$1/work"',
    'cp -p "$0/boxer.node" "$0/libboxer.so" "$1"',
  ].join('\n');
  execFileSync('flock', [from, 'flock', build, 'sh', '-e', '-c', copy, from, build], { stdio: 'pipe' });
}
