/** One side of a comparison: what it is called and its raw samples in the order they were taken. */
export interface Series {
  readonly label: string;
  readonly samples: number[];
}

/** Two series measured alternately in one run; `unit` for people, `aim` for the ratio or difference of medians. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly aim?: string;
  readonly series: readonly [Series, Series];
}

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Takes `runs` samples of each side, one after the other, and swaps who goes first every time. */
export async function alternate(
  runs: number,
  first: () => Promise<number>,
  second: () => Promise<number>,
  onSample: (run: number, side: 0 | 1, value: number) => void = () => undefined,
): Promise<[number[], number[]]> {
  const results: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    for (const side of run % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const value = await (side === 0 ? first : second)();
      results[side].push(value);
      onSample(run, side, value);
    }
  }
  return results;
}

/** ms that `work` takes */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
