import type { Times } from '../published/probe.ts';

const rounded = (ms: number) => Math.round(ms * 1000) / 1000;

/** Summarizes at least one measurement, in ms. */
export function timesOf(measured: readonly number[]): Times {
  const sorted = [...measured].sort((a, b) => a - b);
  const at = (index: number) => rounded(sorted[index] ?? 0);
  return { count: sorted.length, min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}
