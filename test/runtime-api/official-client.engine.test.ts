// Functions of lambda-local run AWS's own runtime client for Node.js here. lambda-local's Runtime API must
// answer as that client expects.
import { createHash } from 'node:crypto';
import { InvokeCommand, InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestLambda, type TestLambda } from '../../lambda-local/testing/test-lambda.ts';
import { buildOfficialClient, OFFICIAL_CLIENT } from './official-client.ts';

let lambda: TestLambda;

const create = (name: string, handler: string, timeout: number) =>
  lambda.create(name, {
    Code: { ImageUri: OFFICIAL_CLIENT },
    ImageConfig: { Command: [handler] },
    Timeout: timeout,
    Environment: { Variables: { COLOR: 'blue' } },
  });

beforeAll(async () => {
  await buildOfficialClient();
  lambda = await startTestLambda({ LAMBDA_LOCAL_PREPARED: '0' });
  await create('buffered', 'handler.buffered', 30);
  await create('hasty', 'handler.buffered', 2);
  await create('streamed', 'handler.streamed', 60);
}, 900_000);
afterAll(() => lambda.remove());

/** Invokes the streaming function; resolves to its whole output and to the event that ended the stream. */
async function stream(event: object) {
  const command = new InvokeWithResponseStreamCommand({
    FunctionName: 'streamed',
    Payload: JSON.stringify(event),
  });
  const { EventStream } = await lambda.client.send(command);
  const chunks: Uint8Array[] = [];
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    if (PayloadChunk?.Payload !== undefined) chunks.push(PayloadChunk.Payload);
    if (InvokeComplete !== undefined)
      return { text: Buffer.concat(chunks).toString(), complete: InvokeComplete };
  }
  throw new Error('The stream ended without InvokeComplete');
}

describe('a buffered handler', () => {
  test('gets its context, deadline and variables, and the second invocation is warm', async () => {
    const first = await lambda.invoke('buffered', {});
    expect(first.error).toBeUndefined();
    expect(first.log).toContain('seen by the log');
    const { payload } = await lambda.invoke('buffered', {});
    expect(payload).toMatchObject({
      invocations: 2,
      context: {
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionName: 'buffered',
        functionVersion: '$LATEST',
        memoryLimitInMB: '512',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:buffered',
        logGroupName: '/aws/lambda/buffered',
        logStreamName: expect.any(String),
      },
      environment: {
        COLOR: 'blue',
        AWS_REGION: 'us-east-1',
        _HANDLER: 'handler.buffered',
        _X_AMZN_TRACE_ID: expect.stringContaining('Root=1-'),
      },
    });
    const remaining = Number(Reflect.get(Object(payload), 'remaining'));
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(30_000);
  });

  test('gets the client context of its caller', async () => {
    const ClientContext = Buffer.from('{"custom":{"colour":"green"}}').toString('base64');
    const command = new InvokeCommand({ FunctionName: 'buffered', ClientContext, Payload: '{}' });
    const { Payload } = await lambda.client.send(command);
    expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({
      context: { clientContext: { custom: { colour: 'green' } } },
    });
  });

  test('that throws is reported with its error, and the next invocation succeeds', async () => {
    const { error, payload } = await lambda.invoke('buffered', { throw: 'no such row' });
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({
      errorType: 'Refused',
      errorMessage: 'no such row',
      trace: expect.any(Array),
    });
    expect((await lambda.invoke('buffered', {})).error).toBeUndefined();
  });

  test('receives and returns payloads of 6 MB, and a larger response is an error', async () => {
    const data = 'ä'.repeat(3_100_000);
    const digest = createHash('sha256').update(data).digest('hex');
    expect((await lambda.invoke('buffered', { data })).payload).toBe(digest);
    expect((await lambda.invoke('buffered', { letters: 6_000_000 })).payload).toHaveLength(6_000_000);
    const { payload } = await lambda.invoke('buffered', { letters: 6_400_000 });
    expect(payload).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
    expect((await lambda.invoke('buffered', {})).error).toBeUndefined();
  });

  test('that exits is reported, and the next invocation gets another environment', async () => {
    await create('leaving', 'handler.buffered', 10);
    await lambda.invoke('leaving', {});
    const { error, payload } = await lambda.invoke('leaving', { exit: 3 });
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await lambda.invoke('leaving', {})).payload).toMatchObject({ invocations: 1 });
  });

  test('that runs past its timeout is killed, and the next invocation gets another environment', async () => {
    const { error, payload } = await lambda.invoke('hasty', { sleep: 30_000 });
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorMessage: expect.stringMatching(/timed out after 2\.00 seconds$/) });
    expect((await lambda.invoke('hasty', {})).payload).toMatchObject({ invocations: 1 });
  });
});

describe('INIT', () => {
  test.each([
    ['failing.handler', 'TypeError', 'no database here'],
    ['absent.handler', 'Runtime.ImportModuleError', 'absent'],
    ['handler.absent', 'Runtime.HandlerNotFound', 'handler.absent'],
  ])('of %s fails with %s', async (handler, type, message) => {
    const name = handler.replace('.', '-');
    await create(name, handler, 10);
    const { error, payload } = await lambda.invoke(name, {});
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: type, errorMessage: expect.stringContaining(message) });
  });
});

describe('a streaming handler', () => {
  test('can return more bytes than a buffered response can hold', async () => {
    const { text, complete } = await stream({ count: 130, size: 65_536 });
    expect(complete.ErrorCode).toBeUndefined();
    expect(text).toHaveLength(130 * 65_536);
    expect(text.slice(-1)).toBe('9');
  });

  test('that throws after its first chunks is reported behind these chunks', async () => {
    const { text, complete } = await stream({ count: 2, size: 3, throw: 'half way' });
    expect(text).toBe('000111');
    expect(complete.ErrorCode).toBe('Refused');
    expect(JSON.parse(complete.ErrorDetails ?? '')).toMatchObject({
      errorType: 'Refused',
      errorMessage: 'half way',
    });
    expect((await stream({ count: 1, size: 2 })).text).toBe('00');
  });

  test('can also be called with Invoke', async () => {
    const command = new InvokeCommand({ FunctionName: 'streamed', Payload: '{"count":3,"size":2}' });
    const { Payload, FunctionError } = await lambda.client.send(command);
    expect(FunctionError).toBeUndefined();
    expect(Payload?.transformToString()).toBe('001122');
  });
});
