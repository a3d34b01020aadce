import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../lib/repository-files.ts';
import { documents, proseOf } from './documents.ts';

interface Link {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

/** The links and images of a document whose targets are files of this repository or headings. */
function linksOf(file: string): Link[] {
  return proseOf(file).flatMap((line, index) =>
    [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => ({ file, line: index + 1, target: target ?? '' }))
      .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target)),
  );
}

/** The fragment that GitHub gives a heading. */
function fragmentOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/** All fragments of a document; a heading that occurs again gets a number. */
function fragmentsOf(file: string): Set<string> {
  const seen = new Map<string, number>();
  const fragments = new Set<string>();
  for (const line of proseOf(file)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const fragment = fragmentOf(heading);
    const count = seen.get(fragment) ?? 0;
    seen.set(fragment, count + 1);
    fragments.add(count === 0 ? fragment : `${fragment}-${count}`);
  }
  return fragments;
}

/** Why a link leads nowhere, or undefined. */
function complaintAbout({ file, line, target }: Link): string | undefined {
  const [path = '', fragment] = target.split('#');
  const where = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), decodeURIComponent(path)));
  if (!existsSync(join(ROOT, where))) return `${file}:${line}: ${target}: there is no file ${where}`;
  if (fragment === undefined || !where.endsWith('.md') || statSync(join(ROOT, where)).isDirectory()) {
    return undefined;
  }
  return fragmentsOf(where).has(fragment) ? undefined : `${file}:${line}: ${target}: no such heading`;
}

describe('links between documents', () => {
  test('there are documents and links to check', () => {
    expect(documents).toContain('README.md');
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(20);
  });

  test('a link to a missing file or heading is found', () => {
    const link = { file: 'README.md', line: 1 };
    expect(complaintAbout({ ...link, target: 'docs/nowhere.md' })).toMatch('no file');
    expect(complaintAbout({ ...link, target: 'docs/limits.md#nowhere' })).toMatch('no such heading');
  });

  test('every link leads to a file and a heading that exist', () => {
    expect(documents.flatMap(linksOf).flatMap((link) => complaintAbout(link) ?? [])).toEqual([]);
  });
});
