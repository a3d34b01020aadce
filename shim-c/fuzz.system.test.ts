import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { SHIM } from '../test/lib/make-shim.ts';

const { stdout: compiler } = await execa('make', ['-s', '-C', SHIM, 'fuzz-compiler']);

/**
 * Without clang, this counts as not run, and only test/unit.c reads random bytes. `make -C shim-c fuzz` runs
 * for longer.
 */
(compiler ? test : test.skip)(
  'no bytes that a fuzzer finds in some seconds confuse the process monitor (needs clang)',
  async () => {
    const { exitCode, all } = await execa('make', ['-s', '-C', SHIM, 'fuzz', 'SECONDS=4'], {
      all: true,
      reject: false,
    });
    expect({ exitCode, found: exitCode === 0 ? '' : all }).toEqual({ exitCode: 0, found: '' });
    expect(all.match(/number_of_executed_units: \d{4,}/g)).toHaveLength(3);
  },
  180_000,
);
