import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Addon, loadAddon } from './addon.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Loads the native addon of this source tree, and builds it first if it is missing or out of date. */
export function builtAddon(): Addon {
  // The lock prevents that make overwrites a file while another process loads it.
  execFileSync('flock', [`${ROOT}shim-c`, 'make', '-s', '-C', `${ROOT}shim-c`, '../build/shim/boxer.node']);
  return loadAddon(`${ROOT}build/shim/boxer.node`);
}
