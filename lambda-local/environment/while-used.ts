import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Fleet } from './fleet.ts';

/**
 * Makes a fleet, and calls `unused` when the fleet has been retired, its last execution is over, and its last
 * sandbox is gone. `open` makes the fleet, which has to start its sandboxes by the function that `open` is
 * given.
 */
export function whileUsed(
  startSandbox: () => Promise<Sandbox>,
  open: (startSandbox: () => Promise<Sandbox>) => Fleet,
  unused: () => void,
): Fleet {
  let users = 1;
  const leave = () => {
    users -= 1;
    if (users === 0) unused();
  };
  const enter = () => {
    users += 1;
    return once(leave);
  };

  const fleet = open(async () => {
    const gone = enter();
    try {
      const sandbox = await startSandbox();
      return { ...sandbox, remove: () => sandbox.remove().finally(gone) };
    } catch (error) {
      gone();
      throw error;
    }
  });
  const retired = once(leave);
  return {
    execute: async (requestId, start) => {
      const over = enter();
      try {
        const execution = await fleet.execute(requestId, start);
        execution.tail.then(over, over);
        return execution;
      } catch (error) {
        over();
        throw error;
      }
    },
    retire: () => fleet.retire().finally(retired),
  };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
