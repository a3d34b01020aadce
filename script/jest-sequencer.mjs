import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** Suites that take minutes although their files are small, by which jest goes where it has no times yet. */
const LONG = [
  'shim-c/shim.system.test.ts',
  'test/compat/compat.engine.test.ts',
  'test/e2e/renewal.engine.test.ts',
  'test/e2e/guest.engine.test.ts',
];

/** Starts the longest suites first, so that no worker is left alone with one of them at the end. */
export default class extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => LONG.some((suite) => path.endsWith(suite));
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
