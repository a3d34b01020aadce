import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';

const folder = new URL('.', import.meta.url).pathname;

beforeAll(async () => {
  await execa('flock', [folder, 'make', '-s', '-C', folder, 'all']);
});

test('programs behave under the process monitor as they do natively', async () => {
  const { exitCode, all } = await execa('make', ['-s', '-C', folder, 'test'], { all: true, reject: false });
  expect({ exitCode, failures: all.split('\n').filter((line) => /fail|differs|error/i.test(line)) }).toEqual({
    exitCode: 0,
    failures: [],
  });
}, 1_200_000);

test('the process monitor needs no library and exports what its table declares', async () => {
  const library = new URL('../build/shim/libboxer.so', import.meta.url).pathname;
  const { stdout: dynamic } = await execa('readelf', ['-d', library]);
  expect(dynamic).not.toMatch(/NEEDED|TEXTREL/);
  const { stdout: wanted } = await execa('nm', ['-D', '--undefined-only', '--format=just-symbols', library]);
  expect(wanted.split('\n')).toEqual([
    '__errno_location',
    '__h_errno_location',
    '_dl_debug_addr',
    '_r_debug',
    'dl_iterate_phdr',
    'environ',
  ]);
  const { stdout: given } = await execa('nm', ['-D', '--defined-only', '--format=just-symbols', library]);
  const { stdout: declared } = await execa('sed', [
    '-n',
    's/^SYMBOL(\\([^,]*\\),.*/\\1/p',
    `${folder}monitor/symbols.def`,
  ]);
  expect(given.split('\n').sort()).toEqual(declared.split('\n').sort());
});

test('the documentation lists every intercepted symbol', async () => {
  const { stdout: table } = await execa('make', ['-s', '-C', folder, 'symbols-table']);
  expect(readFileSync(`${folder}../docs/process-monitor.md`, 'utf8')).toContain(table);
});

test('the documentation lists every conformance case', async () => {
  const program = new URL('../build/shim/work/test/conformance', import.meta.url).pathname;
  await execa('make', [
    '-s',
    '-C',
    folder,
    program,
    `BUILD=${new URL('../build/shim', import.meta.url).pathname}`,
  ]);
  const { stdout: table } = await execa(program, ['--list']);
  expect(readFileSync(`${folder}../docs/conformance.md`, 'utf8')).toContain(table);
});
