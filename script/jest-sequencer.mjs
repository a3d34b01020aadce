import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/**
 * Suites that take minutes although their files are small, by which jest goes where it has no times yet: the
 * longest first.
 */
export const LONG = [
  'shim-c/shim.system.test.ts',
  'test/e2e/guest.engine.test.ts',
  'test/aws/up.engine.test.ts',
  'test/e2e/renewal.engine.test.ts',
  'test/aws/faults.engine.test.ts',
  'test/compat/compat.engine.test.ts',
  'test/e2e/stale-code.engine.test.ts',
  'compose-plugin/cli/state.engine.test.ts',
  'test/e2e/starts.engine.test.ts',
  'test/aws/reach.engine.test.ts',
  'test/e2e/probe.engine.test.ts',
  'images/runtime.engine.test.ts',
];

/** Puts the suites of the list first, in its order. The others keep theirs. */
export function longestFirst(tests) {
  const rank = ({ path }) => {
    const found = LONG.findIndex((suite) => path.endsWith(suite));
    return found < 0 ? LONG.length : found;
  };
  return tests.toSorted((a, b) => rank(a) - rank(b));
}

/** Starts the longest suites first, so that no worker is left alone with one of them at the end. */
export default class extends Sequencer {
  sort(tests) {
    return longestFirst(super.sort(tests));
  }
}
