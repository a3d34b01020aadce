import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EMPTY, FUNCTION, ROLE, startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

let lambda: TestLambda;

beforeAll(async () => {
  lambda = await startTestLambda();
});
afterAll(() => lambda.remove());

const create = (input: object) =>
  lambda.client.send(
    new CreateFunctionCommand({
      FunctionName: 'refused',
      Role: ROLE,
      PackageType: 'Image',
      Code: { ImageUri: FUNCTION },
      ...input,
    }),
  );

test('a function is pending, then active, and described as it was configured', async () => {
  const created = await create({
    FunctionName: 'described',
    MemorySize: 1769,
    EphemeralStorage: { Size: 1024 },
    Environment: { Variables: { COLOR: 'blue' } },
    ImageConfig: { Command: ['x'] },
    Tags: { team: 'a' },
  });
  expect(created.State).toBe('Pending');
  const command = new GetFunctionCommand({ FunctionName: 'described' });
  const { Configuration, Code, Tags } = await lambda.client.send(command);
  expect(Configuration).toMatchObject({
    State: 'Active',
    FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:described',
    Timeout: 3,
    MemorySize: 1769,
    EphemeralStorage: { Size: 1024 },
    Environment: { Variables: { COLOR: 'blue' } },
    ImageConfigResponse: { ImageConfig: { Command: ['x'] } },
    PackageType: 'Image',
    Version: '$LATEST',
  });
  expect(Code?.ImageUri).toBe(FUNCTION);
  expect(Tags).toEqual({ team: 'a' });
  await expect(create({ FunctionName: 'described' })).rejects.toMatchObject({
    name: 'ResourceConflictException',
  });
});

test.each([
  ['memory below 128 MB', { MemorySize: 127 }],
  ['memory above 10240 MB', { MemorySize: 10_241 }],
  ['a timeout above 900 s', { Timeout: 901 }],
  ['too small a /tmp', { EphemeralStorage: { Size: 511 } }],
  ['more than 4 KB of variables', { Environment: { Variables: { BIG: 'x'.repeat(4097) } } }],
  ['reserved variables', { Environment: { Variables: { AWS_REGION: 'x' } } }],
  ['a name with a space', { FunctionName: 'no way' }],
  ['an image that does not exist', { Code: { ImageUri: 'lambda-local-test/none' } }],
  ['a zip file', { PackageType: 'Zip', Code: { ZipFile: new Uint8Array(4) } }],
])('refuses %s', async (_what, input) => {
  await expect(create(input)).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    $metadata: { httpStatusCode: 400 },
  });
});

test('an update takes effect with the next invocation', async () => {
  const FunctionName = 'updated';
  await lambda.create(FunctionName, { Environment: { Variables: { COLOR: 'blue' } } });
  expect(await lambda.shell(FunctionName, 'echo $COLOR')).toBe('blue\n');
  const Environment = { Variables: { COLOR: 'green' } };
  await lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
  await waitUntilFunctionUpdatedV2({ client: lambda.client, maxWaitTime: 10 }, { FunctionName });
  expect(await lambda.shell(FunctionName, 'echo $COLOR')).toBe('green\n');
  await lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: EMPTY }));
  await waitUntilFunctionUpdatedV2({ client: lambda.client, maxWaitTime: 10 }, { FunctionName });
  expect(await lambda.invoke(FunctionName, {})).toMatchObject({ error: 'Unhandled' });
  const stale = new UpdateFunctionConfigurationCommand({ FunctionName, RevisionId: 'old' });
  await expect(lambda.client.send(stale)).rejects.toMatchObject({ name: 'PreconditionFailedException' });
});

test('functions are listed in pages and found by every form of their name', async () => {
  for (const FunctionName of ['page-1', 'page-2', 'page-3']) await create({ FunctionName });
  const names: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.client.send(
      new ListFunctionsCommand({ MaxItems: 2, ...(Marker && { Marker }) }),
    );
    names.push(...(page.Functions ?? []).map((each) => each.FunctionName));
    Marker = page.NextMarker || undefined;
  } while (Marker !== undefined);
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(['page-1', 'page-2', 'page-3']));
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:page-1';
  for (const FunctionName of [arn, `${arn}:$LATEST`, '000000000000:function:page-1', 'page-1:$LATEST']) {
    const { Configuration } = await lambda.client.send(new GetFunctionCommand({ FunctionName }));
    expect(Configuration?.FunctionName).toBe('page-1');
  }
  expect((await lambda.client.send(new ListTagsCommand({ Resource: arn }))).Tags).toEqual({});
});

test('settings outside the configuration are kept', async () => {
  const FunctionName = 'settings';
  await create({ FunctionName });
  const read = new GetFunctionEventInvokeConfigCommand({ FunctionName });
  await expect(lambda.client.send(read)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await lambda.client.send(
    new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }),
  );
  expect(await lambda.client.send(read)).toMatchObject({
    MaximumRetryAttempts: 0,
    LastModified: expect.any(Date),
  });
  const greedy = { FunctionName, ReservedConcurrentExecutions: 950 };
  await expect(lambda.client.send(new PutFunctionConcurrencyCommand(greedy))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  });
});

test('a deleted function is not found any more', async () => {
  const FunctionName = 'deleted';
  await create({ FunctionName });
  await lambda.client.send(new DeleteFunctionCommand({ FunctionName }));
  await expect(lambda.client.send(new GetFunctionCommand({ FunctionName }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 404 },
  });
});

test.each([
  ['POST', '/2015-03-31/functions', '{"FunctionName":', 400],
  ['POST', '/2015-03-31/functions', '[]', 400],
  ['POST', '/2015-03-31/functions', '{"FunctionName":7}', 400],
  ['POST', '/2015-03-31/functions/described/invocations', 'no json', 400],
  ['GET', '/2015-03-31/functions/%E0%A4%A', undefined, 400],
  ['GET', '/2015-03-31/functions/a%20b', undefined, 400],
  ['GET', '/nowhere', undefined, 404],
])(
  '%s %s with %j is answered with an error, and the API continues to serve',
  async (method, path, body, status) => {
    const answer = await fetch(`http://${lambda.address}:9000${path}`, { method, ...(body && { body }) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-amzn-errortype')).toMatch(/Exception$/);
    expect(await answer.json()).toMatchObject({ Type: 'User', message: expect.any(String) });
    expect((await fetch(`http://${lambda.address}:9000/2015-03-31/functions`)).status).toBe(200);
  },
);
