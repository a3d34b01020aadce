import { readFileSync } from 'node:fs';
import type { Addon } from '../service/addon.ts';

/** Does the work of an init process: collects orphans, and kills the processes that the guest left behind. */
export interface Reaper {
  /** Excludes a child for which Node itself waits. */
  keep(pid: number): void;
  /** Kills every remaining descendant. Resolves when the last one is gone, or when `signal` aborts. */
  killAll(signal: AbortSignal): Promise<void>;
  close(): void;
}

function childrenOf(pid: number | 'self'): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid === 'self' ? process.pid : pid}/children`, 'latin1');
    return text.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // The process has ended meanwhile.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended meanwhile, or has become another user's, which an unprivileged init cannot kill.
  }
}

/** Makes this process the parent of all orphans among its descendants. */
export function startReaper(addon: Addon): Reaper {
  const kept = new Set<number>();
  const waiters = new Set<() => void>();
  addon.prctlSubreaper();

  const collect = () => {
    addon.reap([...kept]);
    for (const wake of waiters) wake();
  };
  process.on('SIGCHLD', collect);

  const remaining = () => childrenOf('self').filter((pid) => !kept.has(pid));

  return {
    keep: (pid) => void kept.add(pid),
    async killAll(signal) {
      while (!signal.aborted) {
        const ended = new Promise<void>((resolve) => {
          waiters.add(resolve);
          // A process that has become another user's cannot be killed.
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        addon.reap([...kept]);
        const pids = remaining();
        // Orphans become children of this process one generation at a time, so the loop ends when no child is
        // left.
        for (const pid of pids) kill(pid);
        if (pids.length === 0) break;
        await ended;
        waiters.clear();
      }
      waiters.clear();
    },
    close() {
      process.removeListener('SIGCHLD', collect);
    },
  };
}
