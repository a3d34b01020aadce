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
  // The lock prevents that make overwrites a file while another process makes or loads it.
  execFileSync('flock', [build, 'make', '-s', '-C', SHIM, `BUILD=${build}`, ...targets], { stdio: 'pipe' });
}
