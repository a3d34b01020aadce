/** One thing that the soak found to hold, or not. */
export interface Check {
  readonly what: string;
  readonly problems: readonly string[];
  /** seconds */
  readonly took: number;
}

/** Collects checks and prints a line for each as it is done. */
export interface Checks {
  readonly all: readonly Check[];
  /** `work` resolves with what was wrong; a rejection counts as such. */
  run(what: string, work: () => Promise<readonly string[]>): Promise<void>;
}

export function createChecks(print: (line: string) => void, signal: AbortSignal): Checks {
  const all: Check[] = [];
  return {
    all,
    async run(what, work) {
      const start = performance.now();
      const late = Promise.withResolvers<never>();
      const stop = () => late.reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      let problems: readonly string[];
      try {
        problems = await Promise.race([work(), late.promise]);
      } catch (error) {
        problems = [error instanceof Error ? error.message : String(error)];
      } finally {
        signal.removeEventListener('abort', stop);
      }
      const took = (performance.now() - start) / 1000;
      all.push({ what, problems, took });
      print(`${problems.length === 0 ? 'pass' : 'FAIL'}  ${took.toFixed(1).padStart(6)} s  ${what}`);
      for (const problem of problems) print(`                 ${problem}`);
    },
  };
}
