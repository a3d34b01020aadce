import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** Sandboxes of one function that are started in advance. In each of them, a shell sleeps. */
export interface Stock {
  take(): Promise<Sandbox>;
  /**
   * Starts sandboxes until the stock has its size. Called while there is no start that this would slow down.
   */
  fill(): void;
  /** Removes the sandboxes until the next fill(). */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** `start` makes one sandbox, which belongs to the stock until it is taken. */
export function createStock(size: number, start: () => Promise<Sandbox>, log: Log): Stock {
  const ready: Promise<Sandbox>[] = [];
  let closed = false;

  const drop = (one: Promise<Sandbox>) => {
    const index = ready.indexOf(one);
    if (index < 0) return false;
    ready.splice(index, 1);
    return true;
  };
  const prepare = () => {
    const one = start();
    ready.push(one);
    one.then(
      (sandbox) => {
        // Another program may remove the container: take() must not give out a dead sandbox.
        const gone = () => (drop(one) ? sandbox.remove() : undefined);
        sandbox.exited.then(gone, gone).catch(() => {});
      },
      (error: unknown) => {
        drop(one);
        log.warn('cannot prepare a sandbox', { reason: messageOf(error) });
      },
    );
  };

  const drain = async () => {
    const rest = ready.splice(0);
    await Promise.allSettled(rest.map((one) => one.then((sandbox) => sandbox.remove())));
  };

  return {
    take: async () => {
      const prepared = ready.shift();
      return (await prepared?.catch(() => undefined)) ?? start();
    },
    fill: () => {
      while (!closed && ready.length < size) prepare();
    },
    drain,
    close: () => {
      closed = true;
      return drain();
    },
  };
}
