import { type Profiler, Session } from 'node:inspector';

/** Observes which blocks of the code under test run. */
export interface Coverage {
  /**
   * Returns a feature for each block of each function that has run since the last call. A feature is the
   * block together with the magnitude of the number of its runs.
   */
  take(): string[];
  stop(): void;
}

/**
 * Starts V8's block coverage of the files whose URL matches. V8 does not instrument the code, so the code
 * under test is the code that ships.
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

/** V8 lists a block inside a function only if it ran more or less often than the code around it, or never. */
function featuresOf(url: string, ranges: readonly Profiler.CoverageRange[]): string[] {
  if (!ranges[0]?.count) return [];
  return ranges.map(
    ({ startOffset, endOffset, count }) =>
      `${url}:${startOffset}-${endOffset}*${count === 0 ? 'never' : Math.floor(Math.log2(count))}`,
  );
}
