import {
  DeleteFunctionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { buildImageOf } from '../testing/image-of.ts';
import { startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

const docker = async (...args: string[]) => (await execa('docker', args)).stdout;

/** Names of the images whose label says that they belong to this test. */
const imagesOf = async ({ instance }: TestLambda) =>
  (await docker('image', 'ls', '--format', '{{.Repository}}', '--filter', `label=of=${instance}`))
    .split('\n')
    .filter((line) => line !== '');

/** The output of the function in a new environment: the first invocation ends the present one. */
async function saidAnew(lambda: TestLambda, name: string): Promise<string> {
  await lambda.invoke(name, { exit: 7 });
  return lambda.shell(name, 'echo $MARK');
}

const build = (lambda: TestLambda, tag: string, mark: string) =>
  buildImageOf(tag, `ENV MARK=${mark}`, `LABEL of=${lambda.instance}`, 'VOLUME /data');

async function withLambda(prepared: string, use: (lambda: TestLambda) => Promise<void>): Promise<void> {
  const lambda = await startTestLambda({ LAMBDA_LOCAL_PREPARED: prepared, LAMBDA_LOCAL_IDLE_SECONDS: '0' });
  try {
    await use(lambda);
  } finally {
    await lambda.remove();
    const left = await docker('image', 'ls', '--quiet', '--filter', `label=of=${lambda.instance}`);
    const ids = [...new Set(left.split('\n'))].filter((id) => id !== '');
    if (ids.length > 0) await docker('image', 'rm', '--force', ...ids);
  }
}

describe.each(['0', '1'])('with %s sandboxes prepared', (prepared) => {
  test('a function runs the image with which it was made, even if its tag moves or is removed', async () => {
    await withLambda(prepared, async (lambda) => {
      const tag = `${lambda.instance}/kept:1`;
      await build(lambda, tag, 'one');
      await lambda.create('kept', { Code: { ImageUri: tag } });
      expect(await saidAnew(lambda, 'kept')).toBe('one\n');
      await build(lambda, tag, 'two');
      expect(await saidAnew(lambda, 'kept')).toBe('one\n');
      await docker('image', 'rm', tag);
      expect(await saidAnew(lambda, 'kept')).toBe('one\n');
      // Only images of this test have the label.
      await docker('image', 'prune', '--force', '--all', '--filter', `label=of=${lambda.instance}`);
      expect(await saidAnew(lambda, 'kept')).toBe('one\n');
      await docker(
        'container',
        'prune',
        '--force',
        '--filter',
        `label=lambda-local.instance=${lambda.instance}`,
      );
      expect(await saidAnew(lambda, 'kept')).toBe('one\n');
    });
  }, 300_000);
});

test('an image that no function runs any more is removed with its last name', async () => {
  await withLambda('1', async (lambda) => {
    const [one, two] = [`${lambda.instance}/one`, `${lambda.instance}/two`];
    await build(lambda, one, 'one');
    await build(lambda, two, 'two');
    const FunctionName = 'changing';
    await lambda.create(FunctionName, { Code: { ImageUri: one } });
    await lambda.create('same', { Code: { ImageUri: one } });
    await lambda.client.send(new DeleteFunctionCommand({ FunctionName: 'same' }));
    expect(await saidAnew(lambda, FunctionName)).toBe('one\n');
    await docker('image', 'rm', one);
    expect(await imagesOf(lambda)).toHaveLength(2);

    // The running invocation keeps the image, even if its environment has to be made several times.
    const running = lambda.shell(FunctionName, 'sleep 3; echo $MARK');
    await lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: two }));
    await waitUntilFunctionUpdatedV2({ client: lambda.client, maxWaitTime: 30 }, { FunctionName });
    expect(await lambda.shell(FunctionName, 'echo $MARK')).toBe('two\n');
    expect(await running).toBe('one\n');
    await lambda.client.send(new DeleteFunctionCommand({ FunctionName }));
    await docker('stop', '--time', '10', lambda.container);
    expect(await imagesOf(lambda)).toEqual([two]);
    await docker('start', lambda.container);
  });
}, 300_000);

test('a Lambda that was killed releases its images when it is started again', async () => {
  await withLambda('0', async (lambda) => {
    const tag = `${lambda.instance}/killed`;
    await build(lambda, tag, 'one');
    await lambda.create('killed', { Code: { ImageUri: tag } });
    await docker('image', 'rm', tag);
    expect(await imagesOf(lambda)).toHaveLength(1);
    await docker('kill', lambda.container);
    await docker('start', lambda.container);
    await lambda.answers();
    expect(await imagesOf(lambda)).toEqual([]);
  });
}, 300_000);
