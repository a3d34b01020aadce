import { describe, expect, test } from '@jest/globals';
import { repositoryFiles } from '../lib/repository-files.ts';
import { statementsOf } from './statements.ts';

/** What a file imports when it is loaded. */
const loadedBy = (file: string): string[] =>
  statementsOf(file).flatMap(({ to, erased, atRunTime }) => (erased || atRunTime ? [] : [to]));

/** The way from a file to AWS's SDK, if loading the file loads it. */
function wayToSdk(file: string, seen = new Set<string>()): string[] | undefined {
  if (file.startsWith('@aws-sdk/')) return [file];
  if (!file.endsWith('.ts') || seen.has(file)) return undefined;
  seen.add(file);
  for (const next of loadedBy(file)) {
    const way = wayToSdk(next, seen);
    if (way !== undefined) return [file, ...way];
  }
  return undefined;
}

const room = (name: string) =>
  repositoryFiles(`compose-plugin/${name}`).filter((file) => /(?<!\.test)\.ts$/.test(file));

describe("AWS's SDK, which takes long to load", () => {
  test('is found behind the files that use it', () =>
    expect(wayToSdk('compose-plugin/aws/deploy.ts')?.at(-1)).toMatch(/^@aws-sdk\//));

  test.each(['cli', 'prepare', 'probe', 'provider'])('is not loaded with a file of %s', (name) => {
    expect(room(name).length).toBeGreaterThan(3);
    expect(room(name).flatMap((file) => wayToSdk(file)?.join(' imports ') ?? [])).toEqual([]);
  });
});
