import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { makeShim, SHIM, SHIM_BUILD } from '../test/lib/make-shim.ts';

beforeAll(() => makeShim(['all']));

test('programs behave under the process monitor as they do natively', async () => {
  const { exitCode, all } = await execa('make', ['-s', '-C', SHIM, 'test'], { all: true, reject: false });
  expect({ exitCode, failures: all.split('\n').filter((line) => /fail|differs|error/i.test(line)) }).toEqual({
    exitCode: 0,
    failures: [],
  });
}, 1_200_000);

test('the process monitor needs no library and exports what its table declares', async () => {
  const library = `${SHIM_BUILD}/libboxer.so`;
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
    `${SHIM}/monitor/symbols.def`,
  ]);
  expect(given.split('\n').sort()).toEqual(declared.split('\n').sort());
});

test('the documentation lists every intercepted symbol', async () => {
  const { stdout: table } = await execa('make', ['-s', '-C', SHIM, 'symbols-table']);
  expect(readFileSync(`${SHIM}/../docs/process-monitor.md`, 'utf8')).toContain(table);
});

test('the documentation lists every conformance case', async () => {
  const program = `${SHIM_BUILD}/work/test/conformance`;
  makeShim([program]);
  const { stdout: table } = await execa(program, ['--list']);
  expect(readFileSync(`${SHIM}/../docs/conformance.md`, 'utf8')).toContain(table);
});
