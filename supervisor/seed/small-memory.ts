import { setFlagsFromString } from 'node:v8';
import type { Addon } from '../service/addon.ts';

/**
 * How long after a connection came or went free memory is returned to the kernel, ms; and how long until that
 * is repeated, for busy machines.
 */
const SETTLED = 5000;
const LATER = 10_000;

/**
 * Keeps V8's young generation at the size that it begins with. A burst of joins would let it grow to 48 MB,
 * as much as a thousand nodes need, and it would stay so. Changes the process: to be called when all modules
 * are loaded, whose byte code is bound to V8's flags.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Returns free memory to the kernel. Memory that handshakes and snapshots have freed lies between the memory
 * of connections, and libc would keep it: a quarter of what a thousand nodes need. The returned function has
 * to be called when a connection comes or goes; `signal` ends it.
 */
export function returnMemory(addon: Pick<Addon, 'trimMemory'>, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  let times = 0;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  const wait = (ms: number) => {
    timer = setTimeout(() => {
      timer = undefined;
      addon.trimMemory();
      times -= 1;
      if (times > 0) wait(LATER);
    }, ms);
    timer.unref();
  };
  return () => {
    if (signal.aborted) return;
    times = 2;
    if (timer === undefined) wait(SETTLED);
  };
}
