import { expect, test } from '@jest/globals';
import { count, parseSession } from './session-output.ts';

test('parseSession() reads checks with their details, and ignores other lines', () => {
  const { checks, finished } = parseSession(
    'noise\nok - starts\nnot ok - answers\n# got 502\n# and hung\nskip - ipv6\nok-ish\nok - starts\n' +
      'end of session\n',
  );
  expect(checks).toEqual([
    { name: 'starts', outcome: 'passed', detail: [] },
    { name: 'answers', outcome: 'failed', detail: ['got 502', 'and hung'] },
    { name: 'ipv6', outcome: 'skipped', detail: [] },
    { name: 'starts (2)', outcome: 'passed', detail: [] },
  ]);
  expect(finished).toBe(true);
  expect(count(checks, 'passed')).toBe(2);
});

test('a session without its last line has not finished', () => {
  expect(parseSession('ok - starts\n').finished).toBe(false);
});
