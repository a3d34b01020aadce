import { expect, test } from '@jest/globals';
import { compareSessions, END } from './compare.ts';
import { parseKnownDifferences } from './known-differences.ts';
import { parseSession } from './session-output.ts';

const native = parseSession('ok - a\nok - b\nok - c\nend of session\n');

test('equal sessions have no differences, even if checks failed in both', () => {
  const both = parseSession('ok - a\nnot ok - b\nend of session\n');
  expect(compareSessions(both, both, [])).toEqual([]);
});

test('a session that breaks off natively and boxed counts as a difference', () => {
  const broken = parseSession('ok - a\n');
  expect(compareSessions(broken, broken, []).map(({ check }) => check)).toEqual([END]);
});

test('a check that fails, is skipped or is missing when boxed is a difference, as is an early end', () => {
  const boxed = parseSession('not ok - a\n# EPERM\nskip - b\n');
  expect(compareSessions(native, boxed, [])).toEqual([
    { check: 'a', native: 'passed', boxed: 'failed', cause: undefined, detail: ['EPERM'] },
    { check: 'b', native: 'passed', boxed: 'skipped', cause: undefined, detail: [] },
    { check: 'c', native: 'passed', boxed: 'missing', cause: undefined, detail: [] },
    { check: END, native: 'passed', boxed: 'failed', cause: undefined, detail: [] },
  ]);
});

test('a known difference explains only the checks that it names, of its program', () => {
  const known = parseKnownDifferences('x: [{ checks: ["[ab]*"], cause: no ptrace }]', 'known.yaml');
  const causes = (program: string) =>
    compareSessions(native, parseSession('end of session'), known.get(program) ?? []).map(
      ({ cause }) => cause,
    );
  expect(causes('x')).toEqual(['no ptrace', 'no ptrace', undefined]);
  expect(causes('y')).toEqual([undefined, undefined, undefined]);
});

test('an invalid file of known differences is refused, and the message names the file', () => {
  expect(() => parseKnownDifferences('x: [{ checks: [a], because: b }]', 'known.yaml')).toThrow(
    /^known.yaml: x/,
  );
});
