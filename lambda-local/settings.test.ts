import { expect, test } from '@jest/globals';
import { readSettings } from './settings.ts';

test('every setting has a default, and an empty variable counts as unset', () => {
  expect(readSettings({ PATH: '/bin', LAMBDA_LOCAL_NAT: '' })).toMatchObject({
    PORT: 9000,
    NAT: 'preserving',
    CONCURRENCY: 1000,
  });
});

test('numbers are read', () => {
  expect(readSettings({ LAMBDA_LOCAL_IDLE_SECONDS: '7' }).IDLE_SECONDS).toBe(7);
});

test.each([
  ['LAMBDA_LOCAL_PORT', '70000'],
  ['LAMBDA_LOCAL_NAT', 'cone'],
  ['LAMBDA_LOCAL_COLOUR', 'blue'],
])('%s=%s fails with an error that names the variable', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(name);
});
