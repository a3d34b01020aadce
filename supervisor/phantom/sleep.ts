/** Resolves at `time` (`performance.now()`), or when `signal` aborts. Nothing waits for it at the process's end. */
export function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, time - performance.now()));
  const wake = () => resolve();
  signal.addEventListener('abort', wake, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  });
}

export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  sleepUntil(performance.now() + ms, signal);
