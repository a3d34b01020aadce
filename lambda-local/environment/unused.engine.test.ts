import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

/** Much longer than any of these tests may take. */
const LONG = '3000';

let patient: TestLambda;
let hasty: TestLambda;
let eager: TestLambda;

beforeAll(async () => {
  patient = await startTestLambda({
    LAMBDA_LOCAL_IDLE_SECONDS: LONG,
    LAMBDA_LOCAL_SURPLUS_SECONDS: '1',
    LAMBDA_LOCAL_PREPARED: '0',
  });
  hasty = await startTestLambda({ LAMBDA_LOCAL_IDLE_SECONDS: '1' });
  eager = await startTestLambda({ LAMBDA_LOCAL_IDLE_SECONDS: LONG, LAMBDA_LOCAL_PREPARED: '1' });
}, 300_000);
afterAll(() => Promise.all([patient.remove(), hasty.remove(), eager.remove()]), 60_000);

/** The function's sandboxes, by their states. */
async function sandboxes({ instance }: TestLambda, name: string): Promise<string[]> {
  const filters = [`label=lambda-local.instance=${instance}`, `label=lambda-local.function=${name}`];
  const args = filters.flatMap((filter) => ['--filter', filter]);
  const { stdout } = await execa('docker', ['ps', '--all', '--format', '{{.State}}', ...args]);
  return stdout.split('\n').filter((state) => state !== '');
}

async function becomes(lambda: TestLambda, name: string, wanted: readonly string[]): Promise<void> {
  for (;;) {
    const found = await sandboxes(lambda, name);
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('one unused environment stays warm, and further ones are removed after a while', async () => {
  await patient.create('burst');
  const sleep = { shell: 'sleep 2; echo done' };
  await Promise.all(Array.from({ length: 4 }, () => patient.invoke('burst', sleep)));
  await becomes(patient, 'burst', ['paused']);
  expect((await patient.invoke('burst', {})).payload).toMatchObject({ invocations: 2 });
});

test('nothing is prepared while a warm environment waits, and one sandbox once none does', async () => {
  await eager.create('warm');
  await becomes(eager, 'warm', ['running']);
  await eager.invoke('warm', {});
  await becomes(eager, 'warm', ['paused']);
  const second = eager.invoke('warm', { shell: 'sleep 6; echo done' });
  await becomes(eager, 'warm', ['running']);
  await becomes(eager, 'warm', ['running', 'running']);
  expect((await second).payload).toBe('done\n');
  await becomes(eager, 'warm', ['running', 'paused']);
});

test('a deleted function keeps no environment, and executions that end later are counted', async () => {
  await patient.create('gone');
  await patient.invoke('gone', {});
  const last = patient.invoke('gone', { shell: 'sleep 2; echo done' });
  await becomes(patient, 'gone', ['running']);
  await patient.client.send(new DeleteFunctionCommand({ FunctionName: 'gone' }));
  expect((await last).payload).toBe('done\n');
  await becomes(patient, 'gone', []);
  const billing = await fetch(`http://${patient.address}:9000/2021-local/billing`);
  expect(await billing.json()).toMatchObject({ functions: { gone: { invocations: 2 } } });
});

test('an unused function keeps no prepared sandbox, and starts when it is invoked', async () => {
  await hasty.create('seldom');
  await hasty.invoke('seldom', {});
  await becomes(hasty, 'seldom', []);
  expect((await hasty.invoke('seldom', {})).payload).toMatchObject({ invocations: 1 });
});
