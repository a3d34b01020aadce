import { describe, expect, test } from '@jest/globals';
import { countTests, filesToRepeat, withSecondRun } from './test-results.mjs';

/** jest's JSON for a file with tests of these statuses. */
const fileOf = (name: string, ...statuses: string[]) => ({
  name,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
});
const broken = (name: string) => ({ name, status: 'failed', assertionResults: [] });
const run = (...testResults: object[]) => ({ testResults });

describe('filesToRepeat()', () => {
  test('gives the failed files, those included that could not be loaded', () =>
    expect(filesToRepeat(run(fileOf('a', 'passed'), fileOf('b', 'passed', 'failed'), broken('c')))).toEqual([
      'b',
      'c',
    ]));

  test('gives four failed files, and none of five', () => {
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => fileOf(name, 'failed'));
    expect(filesToRepeat(run(...files.slice(1)))).toEqual(['b', 'c', 'd', 'e']);
    expect(filesToRepeat(run(...files))).toEqual([]);
  });
});

describe('withSecondRun()', () => {
  const first = run(
    fileOf('a', 'passed'),
    fileOf('b', 'failed', 'passed'),
    fileOf('c', 'failed'),
    broken('d'),
  );

  test('counts the second result of the files that ran again, and names those that passed then', () => {
    const second = run(
      fileOf('b', 'passed', 'passed'),
      fileOf('c', 'failed'),
      fileOf('d', 'passed', 'passed'),
    );
    const merged = withSecondRun(first, second);
    expect(merged.passedAlone).toEqual(['b', 'd']);
    expect(countTests([merged])).toEqual({ passed: 5, failed: 1 });
  });

  test('keeps the first result of a file that did not run again', () => {
    const merged = withSecondRun(first, run(fileOf('c', 'passed')));
    expect(merged.passedAlone).toEqual(['c']);
    expect(countTests([merged])).toEqual({ passed: 3, failed: 2 });
  });
});

test('countTests() counts a failed file without failed tests as one failure, and no skipped test', () => {
  const ended = { ...fileOf('b', 'passed', 'pending'), status: 'failed' };
  expect(countTests([run(fileOf('a', 'passed'), broken('c')), run(ended)])).toEqual({ passed: 2, failed: 2 });
});
