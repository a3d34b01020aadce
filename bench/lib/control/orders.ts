/** What bench/control.ts tells a process of nodes, and what it hears back. Times in ms since the epoch, durations in ms. */
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

/** Microseconds since the start of a process. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** What the seed has used: bytes, and CPU time before and after it has collected its garbage, which is no part of what is measured. */
export interface Usage {
  readonly cpu: CpuTime;
  readonly cpuAfter: CpuTime;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly nodes: number;
}
