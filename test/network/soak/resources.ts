import { readdirSync, readFileSync } from 'node:fs';
import type { BoxedNode, TestOverlay } from '../lib/overlay.ts';

/** What a process holds. */
export interface Held {
  readonly descriptors: number;
  /** Resident memory, MB. */
  readonly memory: number;
}

function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
  };
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);

/** Every process of a guest, as one. */
function heldByGuest(supervisor: number): Held {
  const pids: number[] = [];
  const collect = (pid: number): void => {
    for (const child of childrenOf(pid)) {
      pids.push(child);
      collect(child);
    }
  };
  collect(supervisor);
  const all = pids.map(heldBy);
  return {
    descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
    memory: all.reduce((sum, { memory }) => sum + memory, 0),
  };
}

/** Of the seed, and of each node's supervisor and guest, by name. */
export function holdings(overlay: TestOverlay, nodes: readonly BoxedNode[]): Map<string, Held> {
  const found = new Map<string, Held>([['seed', heldBy(overlay.seed.pid)]]);
  for (const { name, pid } of nodes) {
    found.set(`${name}'s supervisor`, heldBy(pid));
    found.set(`${name}'s guest`, heldByGuest(pid));
  }
  return found;
}

/** Peers' sessions, timers and pools come and go; what leaks by the connection is far beyond. */
const SPARE_DESCRIPTORS = 24;
/**
 * Heaps breathe, and names of 65,536 flows are kept; ten thousand connections that leave 10 kB each behind
 * are 100 MB.
 */
const SPARE_MEMORY = 80;

/** Who holds more than before, and how much. Guests' memory is their own business. */
export function leaks(before: ReadonlyMap<string, Held>, after: ReadonlyMap<string, Held>): string[] {
  const found: string[] = [];
  for (const [name, now] of after) {
    const then = before.get(name);
    if (!then) continue;
    if (now.descriptors > then.descriptors + SPARE_DESCRIPTORS)
      found.push(`${name}: ${then.descriptors} descriptors before, ${now.descriptors} after`);
    if (!name.endsWith('guest') && now.memory > then.memory + SPARE_MEMORY)
      found.push(`${name}: ${then.memory.toFixed(0)} MB before, ${now.memory.toFixed(0)} MB after`);
  }
  return found;
}

/**
 * Resolves with the leaks that are left when there are none any more, or after `patience` ms: collectors and
 * timers take their time.
 */
export async function settled(
  before: ReadonlyMap<string, Held>,
  look: () => Map<string, Held>,
  patience: number,
): Promise<string[]> {
  const until = Date.now() + patience;
  for (;;) {
    const left = leaks(before, look());
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
