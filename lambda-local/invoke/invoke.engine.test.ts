import { once } from 'node:events';
import { connect } from 'node:net';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { EMPTY, startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

let lambda: TestLambda;

beforeAll(async () => {
  lambda = await startTestLambda({ LAMBDA_LOCAL_RETRY_SECONDS: '0', LAMBDA_LOCAL_PREPARED: '0' });
  await lambda.create('worker', { Timeout: 60 });
  await lambda.create('hurried', { Timeout: 3 });
});
afterAll(() => lambda.remove());

/** The whole body and the last event of a streamed invocation. */
async function streamed(event: object) {
  const command = new InvokeWithResponseStreamCommand({
    FunctionName: 'worker',
    Payload: JSON.stringify(event),
    LogType: 'Tail',
  });
  const { EventStream } = await lambda.client.send(command);
  const chunks: Uint8Array[] = [];
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    if (PayloadChunk?.Payload !== undefined) chunks.push(PayloadChunk.Payload);
    if (InvokeComplete !== undefined) return { body: Buffer.concat(chunks), complete: InvokeComplete };
  }
  throw new Error('The stream ended without InvokeComplete');
}

describe('Invoke', () => {
  test('keeps an environment warm, and passes all headers to the runtime', async () => {
    // An environment that is not frozen yet is not used: the invocation then starts another one.
    const invocations = z.object({ invocations: z.number() });
    let answer = await lambda.invoke('worker', {});
    for (let more = 30; more > 0 && invocations.parse(answer.payload).invocations < 2; more--) {
      answer = await lambda.invoke('worker', {});
    }
    const { payload, log } = answer;
    expect(payload).toMatchObject({
      invocations: 2,
      headers: {
        'lambda-runtime-aws-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'lambda-runtime-deadline-ms': expect.stringMatching(/^\d{13}$/),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:worker',
        'lambda-runtime-trace-id': expect.stringContaining('Root=1-'),
      },
    });
    expect(log).toMatch(/^START RequestId: [\s\S]*END RequestId: [\s\S]*REPORT RequestId: /);
  });

  test('reports an error of the function', async () => {
    const report = { errorMessage: 'bad', errorType: 'MyError', stackTrace: [] };
    const result = await lambda.invoke('worker', { error: report });
    expect(result).toMatchObject({ error: 'Unhandled', payload: report });
  });

  test('kills a function that exceeds its timeout, with the error message of Lambda', async () => {
    const { error, payload } = await lambda.invoke('hurried', { hang: 1 });
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({
      errorMessage: expect.stringMatching(/Task timed out after 3\.00 seconds$/),
    });
    expect(await lambda.invoke('hurried', {})).toMatchObject({ payload: { invocations: 1 } });
  });

  test('reports a runtime that exits, and starts another one', async () => {
    const { payload } = await lambda.invoke('worker', { exit: 7 });
    expect(payload).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Runtime exited with error: exit status 7$/),
    });
    expect((await lambda.invoke('worker', {})).error).toBeUndefined();
  });

  test('refuses calls of the Runtime API that the state of the runtime does not allow', async () => {
    const { payload, log } = await lambda.invoke('worker', { transitions: 1 });
    expect(payload).toEqual({ initError: 403, nextWhileWorking: 403, otherRequest: 400, unknownPath: 404 });
    expect(log).toMatch(/second response: 403 .*InvalidStateTransition/);
  });
});

describe('Invoke at its limits', () => {
  test('fails if a response exceeds 6 MB', async () => {
    const { payload } = await lambda.invoke('worker', { bytes: 7_000_000 });
    expect(payload).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  test('answers a dry run with status 204', async () => {
    const command = new InvokeCommand({ FunctionName: 'worker', InvocationType: 'DryRun' });
    expect(await lambda.client.send(command)).toMatchObject({ StatusCode: 204 });
  });

  test('reports an INIT that fails twice', async () => {
    await lambda.create('unlucky', { Environment: { Variables: { INIT: 'fail' } } });
    const { error, payload } = await lambda.invoke('unlucky', {});
    expect({ error, payload }).toEqual({
      error: 'Unhandled',
      payload: { errorMessage: 'no luck', errorType: 'Runtime.NoLuck' },
    });
  });

  test('runs an image that contains nothing but its program', async () => {
    await lambda.create('empty', { Code: { ImageUri: EMPTY } });
    const { payload, log } = await lambda.invoke('empty', {});
    expect(payload).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(log).toContain('hello from scratch');
  });
});

describe('InvokeWithResponseStream', () => {
  test('streams chunks, and ends with the log', async () => {
    const { body, complete } = await streamed({ stream: { chunks: ['one ', 'two ', 'three'] } });
    expect(body.toString()).toBe('one two three');
    expect(complete.ErrorCode).toBeUndefined();
    expect(Buffer.from(complete.LogResult ?? '', 'base64').toString()).toContain('REPORT RequestId');
  });

  test('streams more than 6 MB without loss', async () => {
    const { body } = await streamed({ stream: { chunks: ['x'.repeat(65_536)], repeat: 128 } });
    expect(body).toHaveLength(8 * 1024 * 1024);
  });

  test('reports an error in the trailers of the runtime’s response', async () => {
    const error = { errorMessage: 'late', errorType: 'Late' };
    const { body, complete } = await streamed({ stream: { chunks: ['begun'], error } });
    expect(body.toString()).toBe('begun');
    expect(complete).toMatchObject({ ErrorCode: 'Function.Streamed', ErrorDetails: JSON.stringify(error) });
  });

  test('still serves other callers after a caller has disconnected', async () => {
    const path = '/2021-11-15/functions/worker/response-streaming-invocations';
    const body = JSON.stringify({ stream: { chunks: ['x'.repeat(65_536)], repeat: 128 } });
    const answer = await fetch(`http://${lambda.address}:9000${path}`, { method: 'POST', body });
    await answer.body?.cancel();
    expect((await streamed({ stream: { chunks: ['still here'] } })).body.toString()).toBe('still here');
  });

  test('ends with an error when the runtime exits', async () => {
    const { complete } = await streamed({ exit: 1 });
    expect(complete).toMatchObject({ ErrorCode: 'Runtime.ExitError' });
  });
});

describe('Event', () => {
  const invocations = async (name: string): Promise<number> => {
    const answer = await fetch(`http://${lambda.address}:9000/2021-local/billing`);
    const billing: unknown = await answer.json();
    const [, count = '0'] = new RegExp(`"${name}":{"invocations":(\\d+)`).exec(JSON.stringify(billing)) ?? [];
    return Number(count);
  };

  test('retries a failed event as often as MaximumRetryAttempts says', async () => {
    await lambda.create('async');
    const config = { FunctionName: 'async', MaximumRetryAttempts: 1 };
    await lambda.client.send(new PutFunctionEventInvokeConfigCommand(config));
    const event = { FunctionName: 'async', InvocationType: 'Event', Payload: '{"error":{}}' } as const;
    expect(await lambda.client.send(new InvokeCommand(event))).toMatchObject({ StatusCode: 202 });
    const deadline = Date.now() + 120_000;
    while ((await invocations('async')) < 2 && Date.now() < deadline) await lambda.invoke('worker', {});
    await lambda.invoke('worker', {});
    expect(await invocations('async')).toBe(2);
  });
});

describe('limits', () => {
  test('an invocation that exceeds the reserved concurrency is throttled', async () => {
    const reserve = { FunctionName: 'worker', ReservedConcurrentExecutions: 1 };
    await lambda.client.send(new PutFunctionConcurrencyCommand(reserve));
    const both = await Promise.allSettled([
      lambda.invoke('worker', { shell: 'sleep 1' }),
      lambda.invoke('worker', { shell: 'sleep 1' }),
    ]);
    const refused = both.find((each) => each.status === 'rejected');
    expect(both.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    expect(refused).toMatchObject({
      reason: {
        name: 'TooManyRequestsException',
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      },
    });
  });

  test('a payload that exceeds the limit of its invocation type is refused', async () => {
    const send = (InvocationType: 'Event' | 'RequestResponse', size: number) => {
      const Payload = JSON.stringify('x'.repeat(size));
      return lambda.client.send(new InvokeCommand({ FunctionName: 'worker', InvocationType, Payload }));
    };
    // A client that is refused while it is still sending has to see the answer in every attempt.
    for (let attempt = 0; attempt < 8; attempt += 1)
      await expect(send('RequestResponse', 6_300_000)).rejects.toMatchObject({
        name: 'RequestTooLargeException',
      });
    await expect(send('Event', 1_100_000)).rejects.toMatchObject({ name: 'RequestTooLargeException' });
  });

  test('the connection of a client that does not stop sending a refused body is closed', async () => {
    const socket = connect(9000, lambda.address);
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const head =
      'POST /2015-03-31/functions/worker/invocations HTTP/1.1\r\nHost: lambda\r\nContent-Length: ' +
      '9000000000\r\n\r\n';
    socket.write(head);
    const block = Buffer.alloc(1_048_576);
    const more = () => void (socket.writable && socket.write(block) && setImmediate(more));
    socket.on('drain', more);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
    more();
    await closed;
    expect(socket.bytesWritten).toBeLessThan(256 * 1_048_576);
  });

  test('a function stays active after errors and refused invocations', async () => {
    const command = new GetFunctionConfigurationCommand({ FunctionName: 'worker' });
    expect(await lambda.client.send(command)).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'Successful',
    });
  });
});
