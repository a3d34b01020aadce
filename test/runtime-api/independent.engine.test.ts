// The supervisor runs here as a function under a Runtime API that shares no code with lambda-local.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Independent, startIndependent } from './independent.ts';

let lambda: Independent;

beforeAll(async () => {
  lambda = await startIndependent();
  await lambda.startFunction();
}, 300_000);
afterAll(() => lambda.remove(), 60_000);

test('the supervisor requests the next invocation when it has started', async () => {
  expect(await lambda.next('call')).toEqual({ call: 'next' });
});

test('a launch returns its output, exit code and streamed report, then requests the next one', async () => {
  const script = 'echo "$GREETING from $(id -u)"; echo oops >&2; exit 7';
  const { stdout, stderr, exitCode } = await lambda.phantom(['sh', '-c', script], { GREETING: 'hello' });
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'hello from 993', stderr: 'oops', exitCode: 7 });
  expect(await lambda.next('call', 'response')).toMatchObject({ mode: 'streaming' });
  await lambda.next('chunk');
  const report = await lambda.next('chunk');
  expect(JSON.parse(String(report.chunk))).toEqual({ type: 'exit', code: 7, signal: null });
  expect(await lambda.next('call', 'response ended')).toEqual({ call: 'response ended', trailers: {} });
  expect(await lambda.next('call')).toEqual({ call: 'next' });
});

test('an event that is no launch gets an error response in the form that Lambda requires', async () => {
  for (const payload of ['{}', '"text"', 'not even JSON']) {
    const { error, body } = await lambda.invoke(payload);
    expect(error).toBe('Unhandled');
    expect(JSON.parse(body)).toMatchObject({
      errorType: 'Function.NotALaunch',
      errorMessage: expect.stringContaining('docker boxer'),
      stackTrace: [],
    });
    await lambda.next('call', 'error');
    expect(await lambda.next('call')).toEqual({ call: 'next' });
  }
});

test('after a freeze and thaw a launch finds no file or process of the launch before', async () => {
  const leaveTraces = 'echo secret > /tmp/left; (sleep 1000 &) ; ls -A /tmp | grep left';
  expect(await lambda.phantom(['sh', '-c', leaveTraces])).toMatchObject({ stdout: 'left', exitCode: 0 });
  await lambda.next('call', 'next');
  await lambda.freeze();
  const second = lambda.phantom([
    'sh',
    '-c',
    'ls -A /tmp | grep left; cat /proc/[0-9]*/comm | grep -c sleep',
  ]);
  await lambda.next('invoked');
  await lambda.thaw();
  expect(await second).toMatchObject({ stdout: '0', exitCode: 1 });
  await lambda.next('call', 'next');
});

test('the guest ends when its phantom is stopped, and the environment runs the next launch', async () => {
  const phantom = lambda.phantom(['sh', '-c', 'echo up; exec sleep 1000']);
  for await (const line of phantom) if (line === 'up') phantom.kill('SIGTERM');
  expect((await phantom).exitCode).toBe(143);
  await lambda.next('call', 'next');
  expect(await lambda.phantom(['echo', 'again'])).toMatchObject({ stdout: 'again', exitCode: 0 });
  await lambda.next('call', 'next');
});

test('the tests so far have broken no rule of the Runtime API', async () => {
  expect(await lambda.violations()).toEqual([]);
});

test('a failed INIT is reported to the Runtime API and ends the process with 125', async () => {
  await lambda.startFunction('--volume', '/dev/null:/opt/boxer/lib/boxer.node:ro');
  expect(await lambda.next('call')).toMatchObject({
    call: 'init/error',
    type: 'Runtime.InitFailed',
    body: { errorType: 'Runtime.InitFailed', errorMessage: expect.stringContaining('boxer.node') },
  });
  expect(await lambda.functionEnded()).toMatchObject({
    exitCode: 125,
    stderr: expect.stringContaining('boxer.node'),
  });
  expect(await lambda.violations()).toEqual([]);
});
