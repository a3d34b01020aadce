import { expect, test } from '@jest/globals';
import { parseVerbArguments, withoutFlags } from '../cli/verb-arguments.ts';
import { parseInvocation } from './invocation.ts';

test("parseInvocation() keeps docker's global flags, which come before the plugin's name", () => {
  const found = parseInvocation(['--context', 'far', '-H=tcp://x', 'boxer', 'up', '-d']);
  expect(found).toMatchObject({
    docker: ['--context', 'far', '-H=tcp://x'],
    context: 'far',
    verb: 'up',
    args: ['-d'],
  });
});

test("parseInvocation() reads Compose's flags before the verb in every spelling", () => {
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

test('parseInvocation() recognises `docker help boxer VERB` and shell completion', () => {
  expect(parseInvocation(['help', 'boxer', 'up'])).toMatchObject({ help: true, verb: 'up' });
  expect(parseInvocation(['__complete', 'boxer', 'lo'])).toMatchObject({
    completion: true,
    verb: 'lo',
    args: [],
  });
});

test('parseInvocation() leaves flags after the verb to the verb', () => {
  expect(parseInvocation(['boxer', 'logs', '-f', 'web'])).toMatchObject({ files: [], args: ['-f', 'web'] });
});

test("parseVerbArguments() tells services from the values of a verb's flags", () => {
  const { words, flags } = parseVerbArguments('up', ['-d', '--scale', 'web=3', '-t5', 'web', '--wait', 'db']);
  expect(words).toEqual(['web', 'db']);
  expect(flags.get('--scale')).toEqual(['web=3']);
});

test('parseVerbArguments() takes everything after the service of `run` as the command', () => {
  expect(parseVerbArguments('run', ['--rm', '-e', 'A=1', 'web', 'ls', '-l']).words).toEqual([
    'web',
    'ls',
    '-l',
  ]);
});

test('withoutFlags() removes flags together with their values', () => {
  expect(
    withoutFlags('up', ['--build', '--pull', 'always', '--pull=never', 'web'], ['--build', '--pull']),
  ).toEqual(['web']);
});
