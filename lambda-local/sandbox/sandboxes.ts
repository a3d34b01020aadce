import { removeSandboxesOf } from './orphans.ts';
import { type Sandbox, type SandboxMaker, startSandbox } from './sandbox.ts';
import type { SandboxSpec } from './sandbox-spec.ts';

/** Owner of every sandbox of this process. */
export interface Sandboxes {
  start(spec: SandboxSpec): Promise<Sandbox>;
  /** Removes all of them, those just being started included; none can be started any more. */
  close(): Promise<void>;
}

export function createSandboxes(maker: SandboxMaker): Sandboxes {
  const starting = new Set<Promise<Sandbox>>();
  let closed = false;
  return {
    start: async (spec) => {
      if (closed) throw new Error('This Lambda is stopping');
      const start = startSandbox(maker, spec);
      starting.add(start);
      try {
        return await start;
      } finally {
        starting.delete(start);
      }
    },
    close: async () => {
      closed = true;
      await removeSandboxesOf(maker.engine, maker.instance);
      // A start that was too far on to fail made its container after the first look.
      await Promise.allSettled(starting);
      await removeSandboxesOf(maker.engine, maker.instance);
    },
  };
}
