// Every operation of lambda-local is compared with AWS's own model of Lambda, which the SDK contains.
import * as sdk from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FUNCTION, ROLE, startTestLambda, type TestLambda } from '../../lambda-local/testing/test-lambda.ts';
import { type Checked, checkedClient, operations } from './lambda-model.ts';

let lambda: TestLambda;
let client: sdk.LambdaClient;
const checked: Checked[] = [];
const FunctionName = 'modelled';
const Resource = 'arn:aws:lambda:us-east-1:000000000000:function:modelled';

beforeAll(async () => {
  lambda = await startTestLambda({ LAMBDA_LOCAL_PREPARED: '0' });
  client = checkedClient(lambda.client, checked);
}, 300_000);
afterAll(async () => {
  client.destroy();
  await lambda.remove();
});

/** The names of the model's operations that lambda-local implements. It has no path for the others. */
async function served(): Promise<string[]> {
  const names: string[] = [];
  for (const { name, method, path } of operations()) {
    const url = `http://${lambda.address}:9000${path.replaceAll(/\{[^}]*\}/g, 'nobody')}`;
    const answer = await fetch(url, { method, ...(method === 'GET' ? {} : { body: '{}' }) });
    if (answer.headers.get('x-amzn-errortype') !== 'UnknownOperationException') names.push(name);
    await answer.body?.cancel();
  }
  return names.sort();
}

test("lambda-local's answers have the members, types and status codes of the model", async () => {
  const created = {
    FunctionName,
    Role: ROLE,
    PackageType: 'Image',
    Code: { ImageUri: FUNCTION },
    Environment: { Variables: { COLOR: 'blue' } },
    ImageConfig: { WorkingDirectory: '/' },
    Tags: { team: 'a' },
  } as const;
  await client.send(new sdk.CreateFunctionCommand(created));
  await sdk.waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName });
  await client.send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
  await sdk.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 20 }, { FunctionName });
  await client.send(new sdk.UpdateFunctionCodeCommand({ FunctionName, ImageUri: FUNCTION }));
  await client.send(new sdk.PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 3 }));
  await client.send(new sdk.GetFunctionConcurrencyCommand({ FunctionName }));
  const event = { FunctionName, MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 };
  await client.send(new sdk.PutFunctionEventInvokeConfigCommand(event));
  await client.send(new sdk.UpdateFunctionEventInvokeConfigCommand(event));
  await client.send(new sdk.GetFunctionEventInvokeConfigCommand({ FunctionName }));
  await client.send(new sdk.TagResourceCommand({ Resource, Tags: { colour: 'green' } }));
  await client.send(new sdk.ListTagsCommand({ Resource }));
  await client.send(new sdk.GetFunctionCommand({ FunctionName }));
  await client.send(new sdk.GetFunctionConfigurationCommand({ FunctionName }));
  await client.send(new sdk.ListFunctionsCommand({}));
  await client.send(new sdk.GetAccountSettingsCommand({}));
  await client.send(new sdk.InvokeCommand({ FunctionName, Payload: '{}' }));
  const streamed = await client.send(
    new sdk.InvokeWithResponseStreamCommand({ FunctionName, Payload: '{"stream":{"chunks":["a"]}}' }),
  );
  const parts: string[] = [];
  for await (const part of streamed.EventStream ?? []) parts.push(...Object.keys(part));
  expect(parts).toEqual(['PayloadChunk', 'InvokeComplete']);
  await client.send(new sdk.DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
  await client.send(new sdk.DeleteFunctionConcurrencyCommand({ FunctionName }));
  await client.send(new sdk.DeleteFunctionCommand({ FunctionName }));

  expect(checked.flatMap(({ faults }) => faults)).toEqual([]);
});

test('the test before has called every operation that lambda-local implements', async () => {
  const seen = new Set([...checked.map(({ operation }) => operation), 'Invoke', 'InvokeWithResponseStream']);
  expect(await served()).toEqual([...seen].sort());
});

test("lambda-local's errors are exceptions of the model", async () => {
  const nobody = client.send(new sdk.GetFunctionCommand({ FunctionName: 'nobody' }));
  await expect(nobody).rejects.toBeInstanceOf(sdk.ResourceNotFoundException);
  const wrong = { FunctionName, Role: ROLE, Code: { ImageUri: FUNCTION }, PackageType: 'Image' } as const;
  const refused = client.send(new sdk.CreateFunctionCommand({ ...wrong, MemorySize: 1 }));
  await expect(refused).rejects.toBeInstanceOf(sdk.InvalidParameterValueException);
});
