import { ControlError } from './control-error.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms */
  readonly timeout?: number | undefined;
}

/**
 * A promise that rejects by itself: with ControlError ETIMEDOUT after `timeout` ms, or with the signal's
 * reason when it aborts.
 */
export interface Waiting<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Returns a promise to be settled by the caller. `release` runs once, however the wait ends. */
export function waitFor<T>(
  what: string,
  { signal, timeout = 10_000 }: WaitOptions,
  release: () => void,
): Waiting<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal?.reason);
  const timer = setTimeout(
    () => reject(new ControlError('ETIMEDOUT', `${what}: not within ${timeout} ms`)),
    timeout,
  );
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const settled = promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    release();
  });
  // The caller may begin to await the promise only after it has rejected.
  settled.catch(() => undefined);
  return { promise: settled, resolve, reject };
}
