import { describe, expect, test } from '@jest/globals';
import { findProject } from '../compose/project.ts';
import { providerNames } from '../compose/provider-names.ts';
import { readAnnotations } from '../compose/validate.ts';
import { parseInvocation } from '../invocation/invocation.ts';
import { effectiveProvider } from '../project/effective-provider.ts';
import type { Work } from '../project/work.ts';
import { providerOf, providers } from './providers.ts';

const image = 'boxer/runtime:1';
const twin = {
  ...{ region: 'us-east-1', functionName: 'boxer-shop-api', imageUri: image },
  ...{ memorySize: 512, timeout: 900, ephemeralStorage: 512 },
};

/** What verbs do their work with, for a command line in a folder without a compose file. */
function workOf(...args: string[]): Work {
  const invocation = parseInvocation(['boxer', ...args]);
  const { signal } = new AbortController();
  return {
    ...{ invocation, cwd: '/nowhere', root: '/nowhere', progress: () => {}, warn: () => {} },
    engine: { flags: [], context: undefined, env: {}, signal },
    project: findProject(invocation, { XDG_STATE_HOME: '/nowhere' }, '/nowhere'),
  };
}

describe('the providers', () => {
  test.each(providerNames)('"%s" of the schema is one of them, and knows its own name', (name) => {
    expect(providerOf(name).name).toBe(name);
    expect(readAnnotations({ name: 'shop', 'x-boxer': { provider: name } })).toMatchObject({
      project: { provider: name },
      problems: [],
    });
    expect(effectiveProvider(workOf('up', '--provider', name), 'local')).toBe(name);
  });

  test('are those of the schema and no others', () =>
    expect(providers.map(({ name }) => name)).toEqual(providerNames));

  test('an unknown one is refused in the compose file, with the names that exist', () =>
    expect(readAnnotations({ name: 'shop', 'x-boxer': { provider: 'azure' } }).problems).toEqual([
      { path: ['x-boxer', 'provider'], message: 'must be local or aws, and is "azure"' },
    ]));

  test('an unknown one is refused after --provider, with the names that exist', () =>
    expect(() => effectiveProvider(workOf('up', '--provider=azure'), 'local')).toThrow(
      '--provider must be local or aws, and is "azure"',
    ));

  test.each([
    ['local', true],
    ['aws', false],
  ])('a function belongs to "%s" and to no other if createIfMissing is %s', (name, createIfMissing) =>
    expect(
      providers.filter((one) => one.isProviderOf({ ...twin, createIfMissing })).map((one) => one.name),
    ).toEqual([name]),
  );

  test('each has its own file for resources outside of the machine', () => {
    const notes = providers.flatMap(({ account }) => account?.note ?? []);
    expect(notes).toContain('aws.json');
    expect(new Set(notes).size).toBe(notes.length);
  });
});
