import { expect, test } from '@jest/globals';
import { messageOf } from './message-of.ts';

test('an error is told by its message, and anything else that was thrown as text', () => {
  expect(messageOf(new RangeError('too large'))).toBe('too large');
  expect(messageOf('gone')).toBe('gone');
  expect(messageOf(undefined)).toBe('undefined');
});
