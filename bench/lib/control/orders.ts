/**
 * The messages from bench/control.ts to a process of nodes, and the reports that it gets. Times are in ms
 * since the epoch, and durations in ms.
 */
export type Order =
  | { readonly kind: 'join'; readonly count: number; readonly spread: number; readonly atOnce: number }
  | { readonly kind: 'know'; readonly count: number }
  | { readonly kind: 'arrive'; readonly count: number; readonly gap: number }
  | { readonly kind: 'listen' }
  | { readonly kind: 'introduce'; readonly address: string; readonly count: number; readonly atOnce: number };

export type Report =
  | { readonly kind: 'joined'; readonly from: number; readonly to: number; readonly took: number[] }
  | { readonly kind: 'known'; readonly at: number[] }
  | { readonly kind: 'arrived'; readonly nodes: readonly { readonly id: number; readonly at: number }[] }
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'introduced'; readonly took: number[] }
  | { readonly kind: 'failed'; readonly message: string };

/** The CPU time in microseconds since the start of a process. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/**
 * The usage of the seed: memory in bytes, and the CPU time before and after the garbage collection that
 * precedes the report. The garbage collection is not part of the measurement.
 */
export interface Usage {
  readonly cpu: CpuTime;
  readonly cpuAfter: CpuTime;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly nodes: number;
}
