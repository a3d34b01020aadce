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

/**
 * How `a` compares with `b`, where both were measured in turns of `size` samples: the median of the turns' ratios. What slows the
 * machine down for a while does so to both sides of a turn.
 */
export function ratioByTurn(a: readonly number[], b: readonly number[], size = 1): number {
  const turns = Math.floor(Math.min(a.length, b.length) / size);
  const of = (samples: readonly number[], turn: number) =>
    median(samples.slice(turn * size, (turn + 1) * size));
  return median(Array.from({ length: turns }, (_, turn) => of(a, turn) / of(b, turn)));
}
