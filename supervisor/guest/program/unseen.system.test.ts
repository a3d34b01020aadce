import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import fc from 'fast-check';
import { parseElf } from './elf.ts';
import { preloadableEnvironment } from './preloadable.ts';
import { findUnseen } from './unseen.ts';
import { warnIfUnseen } from './warning.ts';

let folder: string;
const SOURCE = 'int main(void) { return 0; }\n';

/**
 * A Go program has a note like this one. A C program with the note is taken for a Go program that is linked
 * dynamically.
 */
const GO_NOTE = `__asm__(".pushsection .note.go.buildid,\\"a\\",@note; .balign 4; .long 4,4,4; .ascii \\"Go\\\\0\\\\0abcd\\"; .popsection");\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-program-'));
  writeFileSync(join(folder, 'main.c'), SOURCE);
  writeFileSync(join(folder, 'go.c'), GO_NOTE + SOURCE);
  const build = (...args: string[]) => execa('gcc', args, { cwd: folder });
  await build('main.c', '-o', 'dynamic');
  await build('main.c', '-static', '-o', 'static');
  await build('main.c', '-static-pie', '-o', 'static-pie');
  await build('go.c', '-o', 'cgo');
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o755 });
  write('script', `#!${folder}/static --flag\n`);
  write('nested', `#!${folder}/script\n`);
  write('by-env', `#!/usr/bin/env -S A=1 static --flag\n`);
  write('shell', '#!/bin/sh\n');
  write('itself', `#!${folder}/itself\n`);
  write('text', 'echo hello\n');
  write('short', '\x7fELF\x02\x01');
  write('other', `\x7fELF\x01\x01\x01${'\0'.repeat(60)}`);
  writeFileSync(join(folder, 'plain'), 'no program', { mode: 0o644 });
  symlinkSync('static', join(folder, 'link'));
  copyFileSync(join(folder, 'dynamic'), join(folder, 'set-user-id'));
  chownSync(join(folder, 'set-user-id'), 1234, 1234);
  chmodSync(join(folder, 'set-user-id'), 0o4755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const look = (name: string, path = `${folder}:/usr/bin:/bin`) =>
  findUnseen(name, { path, workingDirectory: folder, real: (at) => at });

test.each([
  ['static', 'static', 'statically linked'],
  ['./static', 'static', 'statically linked'],
  ['static-pie', 'static-pie', 'statically linked'],
  ['link', 'link', 'statically linked'],
  ['script', 'static', 'statically linked'],
  ['nested', 'static', 'statically linked'],
  ['by-env', 'static', 'statically linked'],
  ['cgo', 'cgo', 'Go program'],
  ['other', 'other', 'another machine'],
  ['set-user-id', 'set-user-id', 'set-user-id'],
])('%s is not seen, because of %s: %s', (name, file, because) => {
  const unseen = look(name);
  expect(unseen?.file).toBe(join(folder, file));
  expect(unseen?.because).toContain(because);
});

test.each([
  'dynamic',
  'shell',
  'itself',
  'text',
  'short',
  'plain',
  'no-such-program',
  '',
  'sh',
  '/bin/sh',
  '.',
])('nothing is said of %j', (name) => {
  expect(look(name)).toBeUndefined();
});

test.each([
  ['other', '/app/own.so:/opt/libboxer.so', '/app/own.so'],
  ['other', '/opt/libboxer.so', undefined],
  ['dynamic', '/app/own.so:/opt/libboxer.so', '/app/own.so:/opt/libboxer.so'],
  ['static', '/opt/libboxer.so', '/opt/libboxer.so'],
  ['no-such-program', '/opt/libboxer.so', '/opt/libboxer.so'],
])('%s is started with LD_PRELOAD=%s as %s', (program, LD_PRELOAD, expected) => {
  const environment = { PATH: folder, LD_PRELOAD, OTHER: 'kept' };
  const started = preloadableEnvironment({ argv: [program], environment, workingDirectory: folder });
  expect(started).toEqual({ PATH: folder, OTHER: 'kept', ...(expected && { LD_PRELOAD: expected }) });
});

test('there is no warning about common programs of this machine', () => {
  for (const name of ['sh', 'bash', 'env', 'python3', 'perl', 'node', 'sleep', 'gcc'])
    expect({ name, unseen: look(name, '/usr/local/bin:/usr/bin:/bin') }).toEqual({ name, unseen: undefined });
});

test('the warning names the program, the cause and the consequences', () => {
  const said: string[] = [];
  const start = {
    argv: ['/visible/static'],
    environment: {},
    workingDirectory: '/',
    remap: { '/visible': folder },
    overlay: '198.18.0.0/15',
  };
  warnIfUnseen({ ...start, isFunction: true }, (line) => said.push(line));
  warnIfUnseen({ ...start, isFunction: false }, (line) => said.push(line));
  warnIfUnseen({ ...start, argv: ['sh'], environment: { PATH: '/bin' }, isFunction: true }, (line) =>
    said.push(line),
  );
  warnIfUnseen({ ...start, argv: [], isFunction: true }, (line) => said.push(line));
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/static is statically linked, .*from inside a function it cannot connect/);
  expect(said[1]).toMatch(/cannot connect to 198\.18\.0\.0\/15/);
});

test('the parser of programs never throws, whatever the file contains', () => {
  const magic = Buffer.from('\x7fELF\x02\x01', 'latin1');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, marked) => {
      const file = Buffer.from(bytes);
      if (marked) magic.copy(file);
      parseElf((offset, length) => file.subarray(Math.min(offset, file.length), offset + length));
    }),
    { numRuns: 3000 },
  );
});
