import { describe, expect, test } from '@jest/globals';
import { repositoryFiles } from '../lib/repository-files.ts';
import { proseOf } from './documents.ts';

const HOUSES = [
  'compose-plugin',
  'supervisor',
  'lambda-local',
  'shim-c',
  'images',
  'test',
  'bench',
  'script',
];

/** The folders with files in them, `depth` names deep at most. */
function foldersOf(files: readonly string[], depth: number): Set<string> {
  return new Set(
    files.flatMap((file) => {
      const names = file.split('/').slice(0, -1);
      return names.slice(0, depth).map((_, index) => `${names.slice(0, index + 1).join('/')}/`);
    }),
  );
}

/** The folders of a house that a text names in code style, with a slash at the end. */
const namedIn = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/`([\w.-]+\/(?:[\w.-]+\/)*)`/g)]
      .map(([, folder = '']) => folder)
      .filter((folder) => HOUSES.includes(folder.split('/')[0] ?? '')),
  );

/** What exists and is not named, and what is named and does not exist. */
const differences = (text: string, files: readonly string[]) => {
  const named = namedIn(text);
  const all = foldersOf(files, Number.POSITIVE_INFINITY);
  return {
    missing: [...foldersOf(files, 2)].filter((folder) => !named.has(folder)),
    unknown: [...named].filter((folder) => !all.has(folder)),
  };
};

describe('the folders in docs/architecture.md', () => {
  test('a folder that is not named and a name without a folder are found', () =>
    expect(
      differences('`test/docs/` and `supervisor/nowhere/`', ['test/docs/a.ts', 'bench/lib/b.ts']),
    ).toEqual({
      missing: ['test/', 'bench/', 'bench/lib/'],
      unknown: ['supervisor/nowhere/'],
    }));

  test('are those that exist', () =>
    expect(differences(proseOf('docs/architecture.md').join('\n'), HOUSES.flatMap(repositoryFiles))).toEqual({
      missing: [],
      unknown: [],
    }));
});
