/** One side of a comparison, with its raw samples in the order in which they were taken. */
export interface Series {
  readonly label: string;
  readonly samples: number[];
}

/**
 * Two series that are measured alternately in one run. `aim` is for the ratio or difference of their medians.
 */
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

/** Takes `runs` samples of each side, one after the other. The side that goes first changes every time. */
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

/** Resolves to the time in ms that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * The ratio of `a` to `b`, which were measured alternately in turns of `size` samples: the median of the
 * ratios of all turns. If the machine is slow for a while, both sides of a turn are slow.
 */
export function ratioByTurn(a: readonly number[], b: readonly number[], size = 1): number {
  const turns = Math.floor(Math.min(a.length, b.length) / size);
  const of = (samples: readonly number[], turn: number) =>
    median(samples.slice(turn * size, (turn + 1) * size));
  return median(Array.from({ length: turns }, (_, turn) => of(a, turn) / of(b, turn)));
}
