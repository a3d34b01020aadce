import { describe, expect, test } from '@jest/globals';
import { repositoryFiles } from '../lib/repository-files.ts';
import { needsAbove, tierOf, tiers } from './tiers.ts';

const all = repositoryFiles().filter((file) => file.endsWith('.test.ts'));

/**
 * Unit tests of a pure function. The function's file, or a file behind it, also starts docker in another
 * function.
 */
const pure = [
  'compose-plugin/aws/registry/push.test.ts',
  'compose-plugin/cli/ps/replicas.test.ts',
  'compose-plugin/project/get-images.test.ts',
  'compose-plugin/provider/providers.test.ts',
  'compose-plugin/twin/build.test.ts',
];

describe('the tier in the name of a test file', () => {
  test('every tier has files', () =>
    expect(tiers.filter((tier) => !all.some((file) => tierOf(file) === tier))).toEqual([]));

  test.each(all.filter((file) => !pure.includes(file) && tierOf(file) !== 'engine'))(
    '%s imports nothing that needs a higher tier',
    (file) => expect(needsAbove(file).map(({ tier, reason }) => `${tier}: ${reason}`)).toEqual([]),
  );

  test('no exception is made without a need', () =>
    expect(pure.filter((file) => needsAbove(file).length === 0)).toEqual([]));
});

describe('the needs of a test file', () => {
  /** The needs above its tier of the first of some files, which import each other. */
  const complaints = (files: Readonly<Record<string, string>>) =>
    needsAbove(Object.keys(files)[0] ?? '', (file) => files[file]).map(
      ({ tier, reason }) => `${tier}: ${reason}`,
    );
  const spawns = "import { execa } from 'execa';\n";

  test('a unit test that starts processes by way of another file is named, with the way', () =>
    expect(
      complaints({
        'a/b.test.ts': "import { x } from '../c/x.ts';\n",
        'c/x.ts': "import { type ChildProcess, spawn } from 'node:child_process';\n",
      }),
    ).toEqual(['system: a/b.test.ts > c/x.ts starts processes']));

  test('an import at run time counts, and an import of types does not', () => {
    expect(complaints({ 'a.test.ts': "await import('./x.ts');\n", 'x.ts': spawns })).toHaveLength(1);
    expect(complaints({ 'a.test.ts': "import type { X } from './x.ts';\n", 'x.ts': spawns })).toEqual([]);
    expect(complaints({ 'a.test.ts': "import { type X } from './x.ts';\n", 'x.ts': spawns })).toEqual([]);
    expect(complaints({ 'a.test.ts': "import type { Options } from 'execa';\n" })).toEqual([]);
  });

  test('a system test may start processes, but neither docker nor requests to the Engine', () => {
    // Not in one piece, as this file would be taken for one that does these things itself.
    const starts = (program: string) => `${spawns}await execa('${program}', ['ps']);\n`;
    const asks = (option: string) => `request({ method, ${option}: '/var/run/docker.sock' });\n`;
    expect(complaints({ 'a.system.test.ts': starts('ip') })).toEqual([]);
    expect(complaints({ 'a.system.test.ts': starts('docker') })).toEqual([
      'engine: a.system.test.ts starts docker',
    ]);
    expect(
      complaints({ 'a.system.test.ts': "import './engine.ts';\n", 'engine.ts': asks('socketPath') }),
    ).toEqual(["engine: a.system.test.ts > engine.ts talks to the Engine's socket"]);
    expect(complaints({ 'a.engine.test.ts': starts('docker') })).toEqual([]);
  });
});
