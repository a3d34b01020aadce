import { startCoverage } from './coverage.ts';
import { createRandom, mutate } from './mutate.ts';
import type { Target } from './targets.ts';

export interface Explored {
  readonly runs: number;
  /** The number of inputs that showed a feature that no earlier input had shown. */
  readonly corpus: number;
  /** The number of different features of the coverage. */
  readonly features: number;
  readonly failure: { readonly input: Buffer; readonly error: unknown } | undefined;
}

const MAX_INPUT_SIZE = 4096;

/** An exploration ends when it reaches one of these limits. */
export interface Limit {
  readonly ms: number;
  readonly inputs: number;
}

/** Runs a target up to a limit, or until it fails. `files` matches the URLs of the code under test. */
export function explore(
  { run, examples, words }: Target,
  files: RegExp,
  limit: Limit,
  seed: number,
): Explored {
  const random = createRandom(seed);
  const coverage = startCoverage(files);
  const features = new Set<string>();
  const corpus: Buffer[] = [];
  let runs = 0;
  let failure: Explored['failure'];
  const attempt = (input: Buffer) => {
    runs += 1;
    try {
      run(input);
    } catch (error) {
      failure ??= { input, error };
    }
    const known = features.size;
    for (const feature of coverage.take()) features.add(feature);
    if (features.size > known || corpus.length === 0) corpus.push(input);
  };
  for (const example of examples) attempt(example);
  const end = performance.now() + limit.ms;
  while (!failure && runs < limit.inputs && performance.now() < end)
    attempt(mutate(random, corpus, words, MAX_INPUT_SIZE));
  coverage.stop();
  return { runs, corpus: corpus.length, features: features.size, failure };
}
