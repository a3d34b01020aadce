import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = new URL('..', import.meta.url).pathname;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxer-bootstrap-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs one function of bootstrap's parts. */
async function call(part: string, ...words: string[]) {
  const script = `set -euo pipefail; . script/lib/${part}.sh; "$@"`;
  return execa('bash', ['-c', script, 'bash', ...words], { cwd: ROOT, reject: false });
}

describe('the source of another suite comes from the own sources of the machine', () => {
  const deb822 = `# a mirror
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
`;
  const classic = `# deb http://off.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/archive.gpg] http://mirror.example/debian bookworm main contrib
deb http://mirror.example/security bookworm-security main
`;

  async function derived(files: Record<string, string>, from: string): Promise<string | undefined> {
    const etc = await mkdtemp(join(directory, 'apt-'));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(etc, name)), { recursive: true });
      await writeFile(join(etc, name), content);
    }
    const { stdout, exitCode } = await call('apt', 'derive_source', from, 'forky', etc);
    return exitCode === 0 ? stdout : undefined;
  }

  test('in the stanza format, with the stanza that has the suite and only that', async () => {
    expect(await derived({ 'sources.list.d/debian.sources': deb822 }, 'bookworm')).toBe(
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: forky\nComponents: main\nSigned-By: ' +
        '/usr/share/keyrings/archive.gpg',
    );
    expect(await derived({ 'sources.list.d/debian.sources': deb822 }, 'bookworm-security')).toContain(
      'URIs: http://mirror.example/security',
    );
  });

  test('in the one-line format, options kept, comments not taken', async () => {
    expect(await derived({ 'sources.list': classic }, 'bookworm')).toBe(
      'deb [arch=amd64 signed-by=/usr/share/keyrings/archive.gpg] http://mirror.example/debian forky ' +
        'main contrib',
    );
  });

  test('from no source that is switched off or of another suite', async () => {
    const off = deb822.replace('Types: deb\n', 'Enabled: no\nTypes: deb\n');
    expect(await derived({ 'sources.list.d/debian.sources': off }, 'bookworm')).toBeUndefined();
    expect(await derived({ 'sources.list': classic }, 'trixie')).toBeUndefined();
    expect(await derived({}, 'bookworm')).toBeUndefined();
  });
});

test.each([
  ['2.40.3-3', true],
  ['2.36.0', true],
  ['3.0', true],
  ['2.35.9', false],
  ['1.99.0', false],
  ['', false],
])('Compose %j is new enough: %j', async (version, expected) => {
  const { exitCode } = await call('compose', 'at_least', '2.36', version);
  expect(exitCode === 0).toBe(expected);
});
