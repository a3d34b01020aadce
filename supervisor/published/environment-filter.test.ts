import { expect, test } from '@jest/globals';
import { travellingEnvironment } from './environment-filter.ts';

const environment = { PATH: '/bin', DB_URL: 'x', DB_PASSWORD: 'y', BOXER: '{}', 'A.B': '1' };

test('all variables travel by default, except those that Boxer gave to the phantom', () => {
  const { BOXER: _own, ...rest } = environment;
  expect(travellingEnvironment(environment, { include: [], exclude: [] })).toEqual(rest);
});

test('include and exclude match whole names, and * matches any run of characters', () => {
  expect(travellingEnvironment(environment, { include: ['DB_*', 'A.?'], exclude: ['*_PASSWORD'] })).toEqual({
    DB_URL: 'x',
  });
  expect(travellingEnvironment(environment, { include: ['A.*'], exclude: [] })).toEqual({ 'A.B': '1' });
});

test('no character of a pattern but * is special, even if it is special in regular expressions', () => {
  const odd = { 'A(B': '1', 'A-B^$|[': '2', AB: '3' };
  expect(travellingEnvironment(odd, { include: ['A(*', 'A-B^$|['], exclude: [] })).toEqual({
    'A(B': '1',
    'A-B^$|[': '2',
  });
});
