import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** The wrapper that Node.js puts around a CommonJS module: what stands before it and behind it. */
export const HEAD = '(function (exports, require, module, __filename, __dirname) {';
export const TAIL = '\n})';

/**
 * Returns what V8 compiles for the bundle at `path`. Bundles are ASCII (script/build.mjs), which V8 stores in
 * one byte for each character.
 */
export const sourceOf = (path: string) => HEAD + readFileSync(path, 'latin1') + TAIL;

/**
 * Compiles every function of the bundle at `path` and returns V8's byte code. Node's own compile cache holds
 * only functions that are called while a module loads.
 */
export function precompile(path: string): Buffer {
  setFlagsFromString('--no-lazy');
  const script = new Script(sourceOf(path), { filename: path });
  // V8 accepts byte code only under the flags under which it was serialized.
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

function readByteCode(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // None was made, or this user cannot read it. The start takes longer.
  }
}

/**
 * Runs the bundle at `path`. `byteCode` is the path of what `precompile` returned for it. V8 ignores byte
 * code of another version or machine.
 */
export function runBundle(path: string, byteCode: string): void {
  const cachedData = readByteCode(byteCode);
  const script = new Script(sourceOf(path), { filename: path, ...(cachedData ? { cachedData } : {}) });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
}
