/** The result of one check of the soak. */
export interface Check {
  readonly title: string;
  /** Empty if the check has passed. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** Collects checks, and prints a line for each when it is done. */
export interface Checks {
  readonly all: readonly Check[];
  /** Runs a check. `work` resolves to the problems that it found; a rejection counts as a problem. */
  run(title: string, work: () => Promise<readonly string[]>): Promise<void>;
}

export function createChecks(print: (line: string) => void, signal: AbortSignal): Checks {
  const all: Check[] = [];
  return {
    all,
    async run(title, work) {
      const start = performance.now();
      const aborted = Promise.withResolvers<never>();
      const stop = () => aborted.reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      let problems: readonly string[];
      try {
        problems = await Promise.race([work(), aborted.promise]);
      } catch (error) {
        problems = [error instanceof Error ? error.message : String(error)];
      } finally {
        signal.removeEventListener('abort', stop);
      }
      const seconds = (performance.now() - start) / 1000;
      all.push({ title, problems, seconds });
      print(`${problems.length === 0 ? 'pass' : 'FAIL'}  ${seconds.toFixed(1).padStart(6)} s  ${title}`);
      for (const problem of problems) print(`                 ${problem}`);
    },
  };
}
