import { beforeAll, expect, test } from '@jest/globals';
import { compareSessions } from './harness/compare.ts';
import { buildImage } from './harness/images.ts';
import { loadProgram } from './harness/programs.ts';
import { runProgram } from './harness/run-program.ts';

beforeAll(() => buildImage('core'), 600_000);

// These are a few of the programs of script/compat; they show that the harness still works.
test.each(['nginx', 'redis', 'cpython-socketserver'])(
  'the checks of %s end the same natively and boxed',
  async (name) => {
    const loaded = loadProgram(name);
    // The time limits of script/compat are for an idle machine.
    const program = { ...loaded, seconds: 4 * loaded.seconds };
    // Sessions mostly wait, and know nothing of each other.
    const [native, boxed] = await Promise.all([runProgram(program, 'native'), runProgram(program, 'boxed')]);
    expect({ log: boxed.log, differences: compareSessions(native, boxed, []) }).toEqual({
      log: '',
      differences: [],
    });
    expect(native.checks.length).toBeGreaterThan(15);
  },
  1_200_000,
);
