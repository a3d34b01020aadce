import { removeSandboxesOf } from './orphans.ts';
import { type Sandbox, type SandboxMaker, startSandbox } from './sandbox.ts';
import type { SandboxSpec } from './sandbox-spec.ts';

/** The owner of all sandboxes of this process. */
export interface Sandboxes {
  start(spec: SandboxSpec): Promise<Sandbox>;
  /** Removes all sandboxes, including those that are being started. No sandbox can be started afterwards. */
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
      // A start may have made its container after the first search.
      await Promise.allSettled(starting);
      await removeSandboxesOf(maker.engine, maker.instance);
    },
  };
}
