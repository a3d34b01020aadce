import { expect, test } from '@jest/globals';
import { functionName } from './function-name.ts';

const home = { region: 'eu-west-1', account: '123456789012' };

test.each([
  'worker',
  'worker:$LATEST',
  'function:worker',
  '123456789012:function:worker',
  'arn:aws:lambda:eu-west-1:123456789012:function:worker',
  'arn:aws:lambda:eu-west-1:123456789012:function:worker:$LATEST',
])('%s is the worker', (reference) => {
  expect(functionName(home, reference, null)).toBe('worker');
});

test.each([
  ['worker:7', null],
  ['worker', 'live'],
  ['arn:aws:lambda:us-east-1:123456789012:function:worker', null],
  ['999999999999:function:worker', null],
])('%s with qualifier %s does not exist here', (reference, qualifier) => {
  expect(() => functionName(home, reference, qualifier)).toThrow(/^Function not found: arn:aws:lambda:/);
});

test.each(['', 'two words', 'a'.repeat(65), 'arn:aws:s3:::bucket'])('%j is no name', (reference) => {
  expect(() => functionName(home, reference, null)).toThrow(/functionName/);
});
