import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SHIM } from '../test/lib/make-shim.ts';

let folder: string;
let launcher: string;
/** Where the supervisor's stand-in writes its arguments and its environment. */
let report: string;

/**
 * A stand-in for Node.js. Beside a guest it ends with SIGTERM, or at once with the exit code END; it ends
 * with the code 42 in place of a guest.
 */
const SUPERVISOR = `#!/bin/sh
{ echo "$@"; env; echo "group $(ps -o pgid= -p $$)" "of $(ps -o pgid= -p $PPID)"; } > REPORT.new
mv REPORT.new REPORT
case $4 in beside) ;; *) exit 42 ;; esac
case $BOXER_GUEST_END in
  '') trap 'echo left >> REPORT; exit 0' TERM; while :; do sleep 0.05; done ;;
  kill) kill -KILL $$ ;;
  *) exit "$BOXER_GUEST_END" ;;
esac
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-launcher-'));
  report = join(folder, 'report');
  const supervisor = join(folder, 'supervisor');
  writeFileSync(supervisor, SUPERVISOR.replaceAll('REPORT', report));
  chmodSync(supervisor, 0o755);
  launcher = join(folder, 'boxer');
  const sources = readdirSync(join(SHIM, 'launcher')).filter((name) => name.endsWith('.c'));
  const paths = sources.map((name) => join(SHIM, 'launcher', name));
  const warnings = ['-Wall', '-Wextra', '-Werror', '-Wshadow'];
  const flags = ['-static', '-std=gnu11', '-D_GNU_SOURCE', ...warnings, `-DNODE="${supervisor}"`];
  execFileSync('gcc', [...flags, '-o', launcher, ...paths]);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(report, { force: true }));

const AT_ONCE = '{"version":1,"networks":{},"remap":{}}';

/** Runs `boxer node -- COMMAND...`. The process monitor is not there, which ld.so says on standard error. */
function boxed(command: readonly string[], { env = {}, config = AT_ONCE, input = '' } = {}) {
  const environment = { PATH: process.env.PATH, BOXER: config, ...env };
  // The test ends even if the launcher does not.
  const options = {
    env: environment,
    encoding: 'utf8',
    input,
    timeout: 120_000,
    killSignal: 'SIGKILL',
  } as const;
  const { status, stdout, stderr } = spawnSync(launcher, ['node', '--', ...command], options);
  return { status, stdout, stderr: stderr.replaceAll(/^ERROR: ld\.so: .*\n/gm, '') };
}

const reported = () => readFileSync(report, 'utf8').split('\n');
/** A shell command that waits until the supervisor's stand-in runs. */
const UNTIL_SUPERVISED = () => `until [ -e ${report} ]; do sleep 0.01; done`;

describe('a guest that may start at once', () => {
  test('runs beside the supervisor, which ends after the guest', () => {
    const script = `echo out; echo err >&2; ${UNTIL_SUPERVISED()}; exit 7`;
    expect(boxed(['sh', '-c', script])).toEqual({ status: 7, stdout: 'out\n', stderr: 'err\n' });
    expect(reported()[0]).toMatch(/ beside -- sh -c echo out; /);
    expect(reported().at(-2)).toBe('left');
  });

  test('has its variables, the process monitor behind its own libraries, and the service socket', () => {
    const env = { LD_PRELOAD: '/not/there.so', BOXER_LOG: 'debug', PLAIN: 'as ever' };
    const { stdout } = boxed(['sh', '-c', `${UNTIL_SUPERVISED()}; exec env`], { env });
    const lines = stdout.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'PLAIN=as ever',
        'BOXER_LOG=debug',
        'BOXER_REMAP=/etc/boxer=/tmp/.boxer/discovery',
        'LD_PRELOAD=/not/there.so:/opt/boxer/lib/beside-libasan.so/libboxer.so',
      ]),
    );
    expect(lines.filter((line) => line.startsWith('BOXER='))).toEqual([]);
    const socket = lines.find((line) => line.startsWith('BOXER_SOCKET='))?.slice('BOXER_SOCKET='.length);
    expect(socket).toMatch(/^@boxer-[0-9a-f]{16}$/);
    expect(reported()).toContain(`BOXER_SERVICE_NAME=${socket}`);
  });

  test('gives the supervisor its variables under other names, and the open service socket', () => {
    boxed(['sh', '-c', UNTIL_SUPERVISED()], { env: { LD_PRELOAD: '/not/there.so' } });
    expect(reported()).toEqual(
      expect.arrayContaining([
        `BOXER=${AT_ONCE}`,
        'BOXER_GUEST_LD_PRELOAD=/not/there.so',
        expect.stringMatching(/^BOXER_SERVICE_FD=\d+$/),
        expect.stringMatching(/^BOXER_NOFILE=\d+$/),
      ]),
    );
  });

  test('is alone in the process group that the terminal signals', () => {
    boxed(['sh', '-c', UNTIL_SUPERVISED()]);
    const [, own, launchers] = /^group +(\d+) of +(\d+)$/m.exec(readFileSync(report, 'utf8')) ?? [];
    expect([typeof own, own === launchers]).toEqual(['string', false]);
  });

  test('alone reads the standard input', () => {
    expect(boxed(['sh', '-c', `${UNTIL_SUPERVISED()}; cat`], { input: 'line\n' }).stdout).toBe('line\n');
  });

  test.each(['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM', 'CONT', 'WINCH', 'ALRM', 'TTIN', 'TTOU'])(
    'gets SIG%s that is sent to the container',
    (name) => {
      const guest = `trap 'echo got ${name}; exit 3' ${name}; ${UNTIL_SUPERVISED()}
        kill -${name} $PPID; while :; do sleep 0.05; done`;
      expect(boxed(['sh', '-c', guest])).toMatchObject({ status: 3, stdout: `got ${name}\n` });
    },
  );

  test('has the exit code that Docker shows for a signal', () => {
    expect(boxed(['sh', '-c', `${UNTIL_SUPERVISED()}; kill -KILL $$`]).status).toBe(137);
  });

  test('leaves orphans to the launcher, which collects them', () => {
    // A process that has ended can be signalled until it has been collected.
    const guest = `${UNTIL_SUPERVISED()}; (sh -c 'echo $$' > ${folder}/orphan &)
      until [ -s ${folder}/orphan ]; do sleep 0.05; done
      while kill -0 "$(cat ${folder}/orphan)" 2>/dev/null; do sleep 0.05; done; echo collected`;
    expect(boxed(['sh', '-c', guest]).stdout).toBe('collected\n');
  });

  test.each([
    ['its exit code', '5', 5, ''],
    ['125 if it ends without an error', '0', 125, ''],
    ['the signal’s code', 'kill', 137, 'boxer: signal 9 has ended the supervisor, so the guest is killed\n'],
  ])('is killed when its supervisor ends, and the container has %s', (_words, END, status, stderr) => {
    const ended = boxed(['sh', '-c', 'while :; do sleep 0.05; done'], { env: { END } });
    expect(ended).toEqual({ status, stdout: '', stderr });
  });
});

describe('the supervisor starts the guest itself', () => {
  const alone = (command: readonly string[], config?: string) => {
    expect(boxed(command, config ? { config } : {}).status).toBe(42);
    expect(reported()[0]).toContain(` node -- ${command.join(' ')}`);
  };

  test.each([
    ['has gates', '{"remap":{},"waitFor":["db:5432"]}'],
    ['has remapped folders', '{"remap":{"/data":"/tmp/data"}}'],
  ])('if the guest %s', (_words, config) => alone(['sh', '-c', 'exit 0'], config));

  test('if the configuration is missing', () => {
    const { status } = spawnSync(launcher, ['node', '--', 'true'], { env: { PATH: process.env.PATH ?? '' } });
    expect(status).toBe(42);
  });

  test.each([
    ['is not found', () => ['no-such-program']],
    ['is a folder', () => ['/etc']],
    ['is static', () => [launcher]],
    ['has a relative path', () => ['./boxer']],
    ['is built for another machine', () => [foreignProgram()]],
    ['is cut off', () => [file('short', '\x7fELF')]],
    ['is a script without a first line for the kernel', () => [file('plain', 'exit 0\n')]],
    ['is a script of a static interpreter', () => [file('static', `#!${launcher}\n`)]],
    ['is a script of a missing interpreter', () => [file('missing', '#!/no/such/interpreter\n')]],
    ['is a script of env with options', () => [file('options', '#!/usr/bin/env -S sh -e\n')]],
    ['is a script of itself', () => [file('itself', `#!${join(folder, 'itself')}\n`)]],
    ['is a script with a first line that does not end', () => [file('endless', `#!${'/'.repeat(300)}`)]],
  ])('if the program %s', (_words, command) => alone(command()));
});

describe('a script starts at once', () => {
  test.each([
    ['with its interpreter', '#!/bin/sh -e\n'],
    ['with blanks before its interpreter', '#! \t/bin/sh\n'],
    ['with an interpreter that env finds', '#!/usr/bin/env sh\n'],
  ])('%s', (_words, first) => {
    const script = file('script', `${first}${UNTIL_SUPERVISED()}\necho "$1"\nexit 9\n`);
    expect(boxed([script, 'argument'])).toMatchObject({ status: 9, stdout: 'argument\n' });
    expect(reported()[0]).toContain(' beside -- ');
  });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return path;
}

/** A copy of a program with another machine in its ELF header. */
function foreignProgram(): string {
  const path = join(folder, 'foreign');
  copyFileSync('/bin/true', path);
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(0x2a, 18);
  writeFileSync(path, bytes);
  return path;
}
