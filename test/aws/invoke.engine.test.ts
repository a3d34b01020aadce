// These tests show which faults a phantom's long call to Lambda survives, and which calls it does not repeat.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DeleteFunctionConcurrencyCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { FUNCTION, startTestLambda, type TestLambda } from '../../lambda-local/testing/test-lambda.ts';
import { startInvocation } from '../../supervisor/launches/invocation/invoke.ts';
import { createLambdaClient, type Twin } from '../../supervisor/launches/invocation/lambda-client.ts';
import { eventually } from '../lib/project.ts';
import { type FaultProxy, startFaultProxy } from './lib/fault-proxy.ts';

let lambda: TestLambda;
let proxy: FaultProxy;
const open = new Set<{ close(): void }>();

beforeAll(async () => {
  lambda = await startTestLambda({ LAMBDA_LOCAL_PREPARED: '0' });
  proxy = await startFaultProxy(`http://${lambda.address}:9000`);
  await lambda.create('twin');
}, 240_000);
afterAll(async () => {
  await proxy.stop();
  await lambda.remove();
});
afterEach(() => {
  proxy.heal();
  proxy.requests.length = 0;
  for (const one of open) one.close();
  open.clear();
});

/** A twin whose function must exist, as on AWS: a missing function is an error. */
const twinAt = (endpoint: string): Twin => ({
  ...{ endpoint, region: 'us-east-1', functionName: 'twin', imageUri: FUNCTION, createIfMissing: false },
  ...{ memorySize: 128, timeout: 20, ephemeralStorage: 512 },
});

beforeAll(() => {
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
});

/** Invokes the function; resolves to the whole answer. */
async function invoke(
  endpoint: string,
  event: object,
  {
    lines = [],
    signal = new AbortController().signal,
    attempts = [],
  }: {
    lines?: string[];
    signal?: AbortSignal;
    attempts?: number[];
  } = {},
): Promise<string> {
  const twin = twinAt(endpoint);
  const client = createLambdaClient(twin);
  const payload = async (attempt: number) => {
    attempts.push(attempt);
    return Buffer.from(JSON.stringify(event));
  };
  try {
    const say = (line: string) => void lines.push(line);
    let text = '';
    for await (const { PayloadChunk } of await startInvocation(client, twin, payload, { signal, say }))
      text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
    return text;
  } finally {
    client.destroy();
  }
}

const calls = () => proxy.requests.filter((line) => line.includes('response-streaming-invocations'));

test('a throttled call waits, says so, and sends a new event', async () => {
  const message = 'Rate Exceeded.';
  proxy.fail(/response-streaming/, { status: 429, type: 'TooManyRequestsException', message, times: 2 });
  const lines: string[] = [];
  const attempts: number[] = [];
  expect(await invoke(proxy.url, { stream: { chunks: ['done'] } }, { lines, attempts })).toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
  expect(lines).toEqual([
    expect.stringMatching(/^function twin: Lambda throttles \(Rate Exceeded\.\); attempt 2 in 0\.[2-5] s$/),
    expect.stringMatching(
      /^function twin: Lambda throttles \(Rate Exceeded\.\); attempt 3 in (0\.\d|1\.0) s$/,
    ),
  ]);
  expect(calls()).toHaveLength(3);
});

test('a call beyond the reserved concurrency waits until another call has ended', async () => {
  const limit = { FunctionName: 'twin', ReservedConcurrentExecutions: 1 };
  await lambda.client.send(new PutFunctionConcurrencyCommand(limit));
  const end = new AbortController();
  try {
    const endpoint = `http://${lambda.address}:9000`;
    const first = invoke(endpoint, { shell: 'sleep 2; echo first' });
    const lines: string[] = [];
    await eventually('the first call runs', async () =>
      (await execa('docker', ['ps', '-q', '--filter', `label=lambda-local.instance=${lambda.instance}`]))
        .stdout === ''
        ? undefined
        : true,
    );
    const second = invoke(endpoint, { stream: { chunks: ['second'] } }, { lines, signal: end.signal });
    expect(await first).toContain('first');
    expect(await second).toBe('second');
    expect(lines[0]).toContain('Lambda throttles (ReservedFunctionConcurrentInvocationLimitExceeded)');
  } finally {
    end.abort();
    await lambda.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'twin' }));
  }
});

test('a call waits for a function that is not ready, and never creates it again', async () => {
  const message = 'The function is currently in the following state: Pending';
  proxy.fail(/response-streaming/, { status: 409, type: 'ResourceConflictException', message, times: 1 });
  let looks = 0;
  proxy.rewrite(/^GET .*configuration$/, (body) => {
    looks += 1;
    return looks > 2 ? body : body.replace('"State":"Active"', '"State":"Pending"');
  });
  const lines: string[] = [];
  expect(await invoke(proxy.url, { stream: { chunks: ['done'] } }, { lines })).toBe('done');
  expect(lines).toEqual([`function twin: not ready (${message}); waiting for it`]);
  expect(looks).toBe(3);
  expect(proxy.requests).not.toContain('POST /2015-03-31/functions');
});

test('a call is not repeated after a ServiceException, because the function may have started', async () => {
  proxy.fail(/response-streaming/, { status: 500, type: 'ServiceException', message: 'broken' });
  await expect(invoke(proxy.url, { stream: { chunks: ['x'] } })).rejects.toThrow('broken');
  expect(calls()).toHaveLength(1);
});

test.each([
  ['ExpiredTokenException', 403, 'the credentials for Lambda have expired (no)', 'docker boxer up'],
  ['UnrecognizedClientException', 403, 'Lambda does not accept the credentials (no)', 'docker boxer up'],
  [
    'AccessDeniedException',
    403,
    'the credentials may not lambda:InvokeFunction (no)',
    'docker boxer iam phantom',
  ],
  ['ResourceNotFoundException', 404, 'the account has no such function (no)', 'docker boxer up'],
])('%s fails the call at once, with a hint', async (type, status, words, advice) => {
  proxy.fail(/response-streaming/, { status, type, message: 'no' });
  await expect(invoke(proxy.url, {})).rejects.toMatchObject({
    message: `function twin: ${words}`,
    hint: expect.stringContaining(advice),
  });
  expect(proxy.requests).toHaveLength(1);
});

/** Starts a TCP server on loopback, which ends with the test. */
async function listen(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    open.add({ close: () => socket.destroy() });
    onConnection(socket);
  });
  open.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, port, server };
}

test('a call is not repeated when its stream breaks after the first bytes', async () => {
  let connections = 0;
  const { url } = await listen((near) => {
    connections += 1;
    const far = connect(9000, lambda.address);
    far.on('error', () => undefined);
    near.pipe(far);
    // The proxy passes on the first bytes of the answer, and then resets the connection.
    far.once('data', (bytes: Buffer) => {
      near.write(bytes, () => near.resetAndDestroy());
      far.destroy();
    });
  });
  await expect(invoke(url, { stream: { chunks: ['x'.repeat(1000)], repeat: 500 } })).rejects.toThrow();
  expect(connections).toBe(1);
});

test('the socket of a call uses TCP keep-alive with an interval of at most 30 s', async () => {
  const { url, port } = await listen((socket) => socket.resume());
  const stop = new AbortController();
  const call = invoke(url, {}, { signal: stop.signal });
  call.catch(() => undefined);
  const timer = await eventually('the kernel shows the keep-alive timer of the socket', async () => {
    const { stdout } = await execa('ss', ['-tnoH', 'dst', `127.0.0.1:${port}`]);
    return /timer:\(keepalive,([\d.]+)(sec|ms)/.exec(stdout)?.[0];
  });
  const seconds = Number(/[\d.]+/.exec(timer));
  expect(seconds).toBeLessThanOrEqual(30);
  stop.abort();
  await expect(call).rejects.toThrow();
});

test('60 calls at once have 60 connections', async () => {
  let connections = 0;
  const all = Promise.withResolvers<void>();
  const { url } = await listen((socket) => {
    socket.resume();
    connections += 1;
    if (connections === 60) all.resolve();
  });
  const stop = new AbortController();
  const waiting = Array.from({ length: 60 }, () => invoke(url, {}, { signal: stop.signal }));
  for (const call of waiting) call.catch(() => undefined);
  await all.promise;
  stop.abort();
  await Promise.allSettled(waiting);
});
