import { expect, test } from '@jest/globals';
import { trampolineEntrypoint } from './run-entrypoint.ts';

const model = {
  name: 'p',
  services: { away: { 'x-boxer': 'lambda' }, here: { 'x-boxer': { target: 'container' } }, plain: {} },
};
const boxer = '/opt/boxer/bin/boxer';

test.each([
  ['--rm --entrypoint sh away -c id', `--rm --entrypoint ${boxer} away phantom -- sh -c id`],
  [
    '--entrypoint=/bin/echo here x --entrypoint y',
    `--entrypoint ${boxer} here node -- /bin/echo x --entrypoint y`,
  ],
  ['--rm away prog --entrypoint x', '--rm away prog --entrypoint x'],
  ['--entrypoint sh plain -c id', '--entrypoint sh plain -c id'],
])('`run %s` becomes `run %s`', (typed, passed) => {
  expect(trampolineEntrypoint(model, typed.split(' ')).join(' ')).toBe(passed);
});
