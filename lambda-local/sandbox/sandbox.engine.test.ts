import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

let lambda: TestLambda;
const shell = (script: string) => lambda.shell('box', script);

beforeAll(async () => {
  lambda = await startTestLambda({ LAMBDA_LOCAL_IDLE_SECONDS: '20' });
  await lambda.create('box', {
    EphemeralStorage: { Size: 600 },
    Environment: { Variables: { COLOR: 'blue' } },
    ImageConfig: { WorkingDirectory: '/usr' },
  });
});
afterAll(() => lambda.remove());

test('runs as user 993 of group 990 with no capability', async () => {
  expect(await shell('id -u; id -g')).toBe('993\n990\n');
  const status = await shell('cat /proc/self/status');
  expect(status).toMatch(/CapPrm:\s+0+\n/);
  expect(status).toMatch(/CapBnd:\s+0+\n/);
  expect(status).toMatch(/NoNewPrivs:\s+1\n/);
  expect(status).toMatch(/Seccomp:\s+2\n/);
});

test('can write to /tmp and nowhere else', async () => {
  expect(await shell('touch /file /var/tmp/file /etc/hosts /etc/resolv.conf; echo')).toMatch(
    /(.*(Read-only file system|Permission denied)\n){4}/,
  );
  expect(await shell('echo works >/tmp/file; cat /tmp/file')).toBe('works\n');
  expect(await shell('df --output=size -BM /tmp | tail -1')).toMatch(/^ *600M/);
  expect(await shell('ls -d /dev/shm; head -c0 /dev/ptmx')).toMatch(/(.*No such file.*\n){2}/);
});

test('has the limits of Lambda', async () => {
  expect(await shell('ulimit -Sn; ulimit -Hn')).toBe('1024\n1024\n');
  const label = `lambda-local.instance=${lambda.instance}`;
  const { stdout: id } = await execa('docker', [
    'ps',
    '--quiet',
    '--last',
    '1',
    '--filter',
    `label=${label}`,
  ]);
  const { stdout } = await execa('docker', ['inspect', '--format', '{{json .HostConfig}}', id]);
  expect(JSON.parse(stdout)).toMatchObject({ PidsLimit: 1024, Memory: 512 * 1024 * 1024 });
});

test('has the environment of Lambda and the configured one', async () => {
  const variables = await shell('env; pwd');
  for (const line of [
    '_HANDLER=',
    'AWS_LAMBDA_FUNCTION_NAME=box',
    'AWS_LAMBDA_FUNCTION_VERSION=$LATEST',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512',
    'AWS_LAMBDA_INITIALIZATION_TYPE=on-demand',
    'AWS_REGION=us-east-1',
    'LAMBDA_TASK_ROOT=/var/task',
    'TZ=:UTC',
    'COLOR=blue',
    '/usr',
  ]) {
    expect(variables.split('\n')).toContain(line);
  }
});

test('gets EPERM for the system calls that Lambda refuses', async () => {
  const numbers =
    process.arch === 'arm64'
      ? { ptrace: 117, prctl: 167, seccomp: 277, unshare: 97, mount: 40, chroot: 51 }
      : { ptrace: 101, prctl: 157, seccomp: 317, unshare: 272, mount: 165, chroot: 161 };
  const PR_SET_SECCOMP = 22;
  const CLONE_NEWUSER = 0x10000000;
  const attempt = (call: keyof typeof numbers, ...args: number[]) =>
    `syscall(${[numbers[call], ...args].join(',')}) < 0 ? $!+0 : 0`;
  const attempts = [
    attempt('ptrace', 0, 0, 0, 0),
    attempt('prctl', PR_SET_SECCOMP, 1),
    attempt('seccomp', 0, 0, 0),
    attempt('unshare', CLONE_NEWUSER),
    attempt('mount', 0, 0, 0, 0, 0),
    attempt('chroot', 0),
  ];
  const EPERM = 1;
  const printed = await shell(`perl -e 'print join(",", ${attempts.join(', ')})'`);
  expect(printed.split(',').map(Number)).toEqual(attempts.map(() => EPERM));
  const PR_SET_NAME = 15;
  expect(await shell(`perl -e 'my $n = "x"; print syscall(${numbers.prctl}, ${PR_SET_NAME}, $n)'`)).toBe('0');
});

test('is frozen between invocations', async () => {
  const more = 'n=$(wc -l </tmp/ticks); while [ $(wc -l </tmp/ticks) -le $n ]; do sleep 0.05; done';
  await shell(`(while :; do date +%s%3N; sleep 0.05; done >/tmp/ticks 2>&1 &) </dev/null; ${more}`);
  await delay(1000);
  const ticks = (await shell(`${more}; cat /tmp/ticks`)).trim().split('\n').map(Number);
  const pauses = ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? tick));
  expect(Math.max(...pauses)).toBeGreaterThan(700);
});

test('is removed when it has been unused for the configured time', async () => {
  await lambda.invoke('box', {});
  const label = `label=lambda-local.instance=${lambda.instance}`;
  const listed = await execa('docker', ['ps', '--quiet', '--filter', 'status=paused', '--filter', label]);
  const frozen = listed.stdout.split('\n').filter((id) => id !== '');
  expect(frozen).not.toEqual([]);
  await execa('docker', ['wait', ...frozen], { reject: false });
  expect(await lambda.invoke('box', {})).toMatchObject({ payload: { invocations: 1 } });
});
