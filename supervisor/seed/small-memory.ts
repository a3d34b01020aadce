import { setFlagsFromString } from 'node:v8';
import type { Addon } from '../service/addon.ts';

/** ms from a connection that came or went until what it needed in passing goes back to the kernel, and once more: on a busy machine it ends later. */
const SETTLED = 5000;
const LATER = 10_000;

/**
 * Keeps V8's young generation at the size that it begins with. A burst of joins would let it grow to 48 MB, as much as a thousand nodes
 * need, and it would stay so. Changes the process: to be called when all modules are loaded, whose byte code is bound to V8's flags.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * What handshakes and snapshots needed lies between what connections keep, and libc would hold on to it: a quarter of what a thousand
 * nodes need. Returns what is to be called when connections come or go; `signal` ends it.
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
