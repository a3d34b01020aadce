import { type Profiler, Session } from 'node:inspector';

/** What the code under test did. */
export interface Coverage {
  /** Of each function that ran since the last call: its blocks, and about how often they ran. */
  take(): string[];
  stop(): void;
}

/**
 * V8's own block coverage, of files whose URL matches. No instrumentation, so the code that runs is the code
 * that ships.
 */
export function startCoverage(files: RegExp): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    take() {
      const found: string[] = [];
      session.post('Profiler.takePreciseCoverage', (_error, taken) => {
        for (const { url, functions } of taken?.result ?? [])
          if (files.test(url)) for (const { ranges } of functions) found.push(...featuresOf(url, ranges));
      });
      return found;
    },
    stop: () => session.disconnect(),
  };
}

/**
 * V8 names a block inside a function only where it ran more or less often than what is around it: not at all,
 * too.
 */
function featuresOf(url: string, ranges: readonly Profiler.CoverageRange[]): string[] {
  if (!ranges[0]?.count) return [];
  return ranges.map(
    ({ startOffset, endOffset, count }) =>
      `${url}:${startOffset}-${endOffset}*${count === 0 ? 'never' : Math.floor(Math.log2(count))}`,
  );
}
