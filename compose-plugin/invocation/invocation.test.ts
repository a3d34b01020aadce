import { expect, test } from '@jest/globals';
import { parseVerbArguments, withoutFlags } from '../cli/verb-arguments.ts';
import { parseInvocation } from './invocation.ts';

test('docker leaves its global flags before the name of the plugin', () => {
  const found = parseInvocation(['--context', 'far', '-H=tcp://x', 'boxer', 'up', '-d']);
  expect(found).toMatchObject({
    docker: ['--context', 'far', '-H=tcp://x'],
    context: 'far',
    verb: 'up',
    args: ['-d'],
  });
});

test("compose's flags come before the verb, in every spelling", () => {
  const found = parseInvocation([
    'boxer',
    '-fa.yaml',
    '--file=b.yaml',
    '-p',
    'x',
    '--profile',
    'dbg',
    '--env-file=e',
    'ps',
  ]);
  expect(found).toMatchObject({ files: ['a.yaml', 'b.yaml'], projectName: 'x', envFiles: ['e'], verb: 'ps' });
  expect(found.compose).toEqual(['-p', 'x', '--profile', 'dbg', '--env-file=e']);
});

test('docker help boxer up, and completion', () => {
  expect(parseInvocation(['help', 'boxer', 'up'])).toMatchObject({ help: true, verb: 'up' });
  expect(parseInvocation(['__complete', 'boxer', 'lo'])).toMatchObject({
    completion: true,
    verb: 'lo',
    args: [],
  });
});

test('a flag behind the verb is the verb’s own', () => {
  expect(parseInvocation(['boxer', 'logs', '-f', 'web'])).toMatchObject({ files: [], args: ['-f', 'web'] });
});

test('the services of a verb are told from the values of its flags', () => {
  const { words, flags } = parseVerbArguments('up', ['-d', '--scale', 'web=3', '-t5', 'web', '--wait', 'db']);
  expect(words).toEqual(['web', 'db']);
  expect(flags.get('--scale')).toEqual(['web=3']);
});

test('run ends at its service', () => {
  expect(parseVerbArguments('run', ['--rm', '-e', 'A=1', 'web', 'ls', '-l']).words).toEqual([
    'web',
    'ls',
    '-l',
  ]);
});

test('flags are taken out with their values', () => {
  expect(
    withoutFlags('up', ['--build', '--pull', 'always', '--pull=never', 'web'], ['--build', '--pull']),
  ).toEqual(['web']);
});
