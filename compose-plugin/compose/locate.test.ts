import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { locate } from './locate.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-locate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}
const path = ['services', 'web', 'x-boxer', 'memory'];

test('locate() finds the last file that sets the value', () => {
  const a = file('a.yaml', 'services:', '  web:', '    image: x', '    x-boxer:', '      memory: 1');
  const b = file('b.yaml', 'services:', '  web: {x-boxer: {memory: 2}}');
  expect(locate([a, b], path)).toEqual({ file: b, line: 2, depth: 4 });
  expect(locate([b, a], path)).toEqual({ file: a, line: 5, depth: 4 });
});

test('locate() follows include and extends relative to the file that names them', () => {
  const base = file('base.yaml', 'services:', '  template:', '    x-boxer: {memory: 1}');
  file('more.yaml', 'services:', '  web:', `    extends: {file: ${base}, service: template}`);
  const main = file('main.yaml', 'include:', '  - path: more.yaml');
  expect(locate([main], path)).toEqual({ file: base, line: 3, depth: 4 });
});

test('locate() follows anchors and merge keys', () => {
  const main = file(
    'main.yaml',
    'x-common: &common',
    '  x-boxer:',
    '    memory: 1',
    'services:',
    '  web:',
    '    <<: *common',
  );
  expect(locate([main], path)).toEqual({ file: main, line: 3, depth: 4 });
});

test('locate() gives the nearest place if the path is not in the text', () => {
  const main = file('main.yaml', 'services:', '  web:', '    x-boxer: lambda');
  expect(locate([main], path)).toEqual({ file: main, line: 3, depth: 3 });
  expect(locate([join(folder, 'none.yaml')], path)).toBeUndefined();
});

test('locate() ends for files that include and extend each other', () => {
  file('b.yaml', 'include: [a.yaml]');
  const a = file('a.yaml', 'include: [b.yaml]', 'services:', '  web: {extends: web}');
  expect(locate([a], path)?.depth).toBe(2);
});

test('locate() never throws, whatever the text', () => {
  const piece = fc.constantFrom(
    'services',
    'web',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '{',
    '}',
    '[',
    ']',
    "'",
    '"',
    '!reset ',
    '|\n',
    '---\n',
    'x-boxer',
    '1',
    '\t',
    '? ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const main = file('fuzz.yaml', pieces.join(''));
      const found = locate([main], path);
      expect(found === undefined || found.line >= 1).toBe(true);
    }),
    { numRuns: 300 },
  );
});
