import { expect, test } from '@jest/globals';
import { negotiate } from './protocol-version.ts';

test('negotiate() returns the newest version that both sides speak', () => {
  expect(negotiate({ oldest: 1, newest: 1 }, { oldest: 1, newest: 1 })).toBe(1);
  expect(negotiate({ oldest: 1, newest: 9 }, { oldest: 1, newest: 3 })).toBe(3);
  expect(negotiate({ oldest: 2, newest: 4 }, { oldest: 3, newest: 7 })).toBe(4);
});

test.each([
  [{ oldest: 2, newest: 3 }, { oldest: 1, newest: 1 }, 'protocol version 2 to 3; this side speaks 1'],
  [{ oldest: 1, newest: 1 }, { oldest: 2, newest: 5 }, 'protocol version 1; this side speaks 2 to 5'],
  [{ oldest: 3, newest: 2 }, { oldest: 1, newest: 9 }, 'protocol version 3 to 2; this side speaks 1 to 9'],
])(
  'negotiate() throws EPROTONOSUPPORT for %j and %j, which have no version in common',
  (peer, own, message) => {
    expect(() => negotiate(peer, own)).toThrow(
      expect.objectContaining({ errno: 'EPROTONOSUPPORT', message }),
    );
  },
);
