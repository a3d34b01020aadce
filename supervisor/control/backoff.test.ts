import { expect, test } from '@jest/globals';
import { pauseBefore } from './backoff.ts';

const bounds = { first: 20, longest: 1000 };

test('the pause doubles with each attempt up to `longest`, for any number of attempts', () =>
  expect([0, 1, 5, 6, 5000].map((attempt) => pauseBefore(attempt, bounds, 1))).toEqual([
    20, 40, 640, 1000, 1000,
  ]));

test('the random part shortens a pause by at most half', () => expect(pauseBefore(1, bounds, 0)).toBe(20));
