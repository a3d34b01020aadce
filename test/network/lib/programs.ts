import { createHash } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeShim, TESTBED_BUILD } from '../../lib/make-shim.ts';
import { ROOT } from '../../lib/repository-files.ts';
import { runTool } from './helper.ts';

const BUILD = join(ROOT, 'build/testbed');

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The path of the compiled shim-c/test/NAME.c, which is compiled again if the source has changed. */
export async function compiled(name: string): Promise<string> {
  const source = join(ROOT, 'shim-c/test', `${name}.c`);
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 12);
  const program = join(BUILD, `${name}-${hash}`);
  if (await exists(program)) return program;
  await mkdir(BUILD, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-Wshadow'];
  await runTool(['gcc', ...flags, source, '-o', fresh]);
  await rename(fresh, program);
  return program;
}

/**
 * A copy of the content of `/opt/boxer`, as built from this checkout. Because it is a copy, a later build
 * does not affect a running test.
 */
export interface Runtime {
  /** The folder to mount at /opt/boxer. */
  readonly directory: string;
  /** The file to mount at /opt/boxer/bin/node. */
  readonly node: string;
  remove(): Promise<void>;
}

/** Makes the links to the library that assemble.sh makes in images. */
async function linkLibrary(lib: string): Promise<void> {
  await mkdir(join(lib, 'beside-libasan.so'));
  await symlink('../libboxer.so', join(lib, 'beside-libasan.so/libboxer.so'));
}

/**
 * Builds the supervisor and the process monitor if they are not up to date. Rejects with the compiler's
 * output.
 */
export async function createRuntime(): Promise<Runtime> {
  await runTool([process.execPath, join(ROOT, 'script/build.mjs'), 'boxer']);
  makeShim(['all'], TESTBED_BUILD);
  const directory = await mkdtemp(join(tmpdir(), 'boxer-testbed-'));
  const lib = join(directory, 'lib');
  await mkdir(join(directory, 'bin'), { recursive: true });
  const folder = join(ROOT, 'shim-c/launcher');
  const sources = (await readdir(folder))
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(folder, name));
  await runTool(['cc', '-static', '-O1', '-D_GNU_SOURCE', '-o', join(directory, 'bin/boxer'), ...sources]);
  await runTool(['cp', '-R', join(ROOT, 'build/supervisor'), lib]);
  await Promise.all([
    copyFile(join(TESTBED_BUILD, 'libboxer.so'), join(lib, 'libboxer.so')),
    linkLibrary(lib),
    copyFile(join(TESTBED_BUILD, 'boxer.node'), join(lib, 'boxer.node')),
    writeFile(join(directory, 'bin/node'), ''),
  ]);
  const remove = () => rm(directory, { recursive: true, force: true });
  return { directory, node: process.execPath, remove };
}
