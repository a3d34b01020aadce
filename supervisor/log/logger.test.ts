import { expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';

function linesOf(setting: string | undefined): string[] {
  const lines: string[] = [];
  const log = createLogger(setting, 'seed', (text) => lines.push(text));
  log.debug('request failed', { type: 'connect', errno: 'ECONNREFUSED' });
  log.info('seed of shop listens on port 7070');
  log.warn('store: disk full');
  log.error('cannot start');
  return lines;
}

test('without a setting the logger writes plain lines at level info', () => {
  expect(linesOf(undefined)).toEqual([
    'boxer: seed of shop listens on port 7070\n',
    'boxer: store: disk full\n',
    'boxer: cannot start\n',
  ]);
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
  ['silent', 0],
])('at level %s it writes %i of the four kinds of lines, the gravest last to go', (level, count) => {
  const all = linesOf('debug');
  expect(linesOf(level)).toEqual(all.slice(all.length - count));
});

test('lines are text with fields, or JSON objects with the option json', () => {
  expect(linesOf('debug')[0]).toBe('boxer: request failed type=connect errno=ECONNREFUSED\n');
  expect(linesOf('debug,json').map((line) => JSON.parse(line))).toMatchObject([
    { level: 'debug', role: 'seed', message: 'request failed', type: 'connect', errno: 'ECONNREFUSED' },
    { level: 'info', role: 'seed', message: 'seed of shop listens on port 7070' },
    { level: 'warn', role: 'seed', message: 'store: disk full' },
    { level: 'error', role: 'seed', message: 'cannot start' },
  ]);
});

test.each(['loud', 'debug,xml', 'info,json,json', ''])('%j is refused by name', (setting) => {
  expect(() => createLogger(setting, 'seed')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});
