import { expect, test } from '@jest/globals';
import { travellingEnvironment } from './environment-filter.ts';

const environment = { PATH: '/bin', DB_URL: 'x', DB_PASSWORD: 'y', BOXER: '{}', 'A.B': '1' };

test('everything travels by default, except what the phantom itself was given', () => {
  const { BOXER: _own, ...rest } = environment;
  expect(travellingEnvironment(environment, { include: [], exclude: [] })).toEqual(rest);
});

test('include and exclude match whole names, with * for any run of characters and no other magic', () => {
  expect(travellingEnvironment(environment, { include: ['DB_*', 'A.?'], exclude: ['*_PASSWORD'] })).toEqual({
    DB_URL: 'x',
  });
  expect(travellingEnvironment(environment, { include: ['A.*'], exclude: [] })).toEqual({ 'A.B': '1' });
});

test('a pattern is text but for its stars, whatever a regular expression would make of it', () => {
  const odd = { 'A(B': '1', 'A-B^$|[': '2', AB: '3' };
  expect(travellingEnvironment(odd, { include: ['A(*', 'A-B^$|['], exclude: [] })).toEqual({
    'A(B': '1',
    'A-B^$|[': '2',
  });
});
