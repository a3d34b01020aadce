import { readdirSync, readFileSync } from 'node:fs';
import type { BoxedNode, TestOverlay } from '../lib/overlay.ts';

/** The resources that a process holds, or several processes together. */
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

/** Adds up what all processes of a guest hold. */
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

/** What the seed, and each node's supervisor and guest hold, by name. */
export function holdings(overlay: TestOverlay, nodes: readonly BoxedNode[]): Map<string, Held> {
  const found = new Map<string, Held>([['seed', heldBy(overlay.seed.pid)]]);
  for (const { name, pid } of nodes) {
    found.set(`${name}'s supervisor`, heldBy(pid));
    found.set(`${name}'s guest`, heldByGuest(pid));
  }
  return found;
}

/**
 * More descriptors than so many count as a leak. Sessions, timers and pools take and free a few; a leak of
 * one descriptor for each connection takes thousands.
 */
const SPARE_DESCRIPTORS = 24;
/**
 * More MB than so many count as a leak. Heaps vary, and the names of 65,536 flows are kept. A leak of 10 kB
 * for each of ten thousand connections takes 100 MB.
 */
const SPARE_MEMORY = 80;

/** Lists who holds more than before, and how much. The memory of guests is not compared. */
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
 * Measures until nothing leaks, or for `patience` ms, because garbage collectors and timers free things late.
 * Resolves to the leaks that remain.
 */
export async function remainingLeaks(
  before: ReadonlyMap<string, Held>,
  measure: () => Map<string, Held>,
  patience: number,
): Promise<string[]> {
  const until = Date.now() + patience;
  for (;;) {
    const left = leaks(before, measure());
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
