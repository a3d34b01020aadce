import { expect, test } from '@jest/globals';
import { messageOf } from './message-of.ts';

test('messageOf() gives the message of an error, and the text of any other thrown value', () => {
  expect(messageOf(new RangeError('too large'))).toBe('too large');
  expect(messageOf('gone')).toBe('gone');
  expect(messageOf(undefined)).toBe('undefined');
});
