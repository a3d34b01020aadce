import { setFlagsFromString } from 'node:v8';
import type { Addon } from '../service/addon.ts';

/**
 * The time from the opening or closing of a connection until free memory is returned to the kernel, ms, and
 * the time until that is repeated, for busy machines.
 */
const SETTLED = 5000;
const LATER = 10_000;

/**
 * Keeps V8's young generation at its initial size. A burst of joins would make it grow to 48 MB for good, as
 * much as a thousand nodes need. This changes the flags of the process. Call it when all modules are loaded,
 * as their byte code is bound to V8's flags.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Returns free memory to the kernel. The memory that handshakes and snapshots have freed lies between the
 * memory of connections, and libc would keep it: a quarter of what a thousand nodes need. Call the returned
 * function when a connection opens or closes. Aborting `signal` ends it.
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
