import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { execa } from 'execa';
import * as z from 'zod/mini';
import { buildSharedImage, hashOfFolder } from './shared-image.ts';

/** A local Lambda that runs in its own container on its own network. */
export interface TestLambda {
  readonly client: LambdaClient;
  readonly network: string;
  readonly container: string;
  readonly address: string;
  readonly instance: string;
  /** Creates a function from the image of testing/image and waits until it is active. */
  create(name: string, input?: Partial<CreateFunctionCommandInput>): Promise<void>;
  /** Makes a function run one of the actions of testing/image/function.mjs. */
  invoke(name: string, event: object): Promise<{ payload: unknown; error: string | undefined; log: string }>;
  /** Resolves to the output of a shell command in the function. */
  shell(name: string, script: string): Promise<string>;
  /** Waits until the Lambda answers, after its container has been started again. */
  answers(): Promise<void>;
  remove(): Promise<void>;
}

const ROOT = new URL('../../', import.meta.url).pathname;
const CONTEXT = new URL('image/', import.meta.url).pathname;
const images = z.object({ lambdaLocal: z.string() });
// The tags contain a hash of the files and of this checkout's path, because tests of another checkout may run
// at the same time.
const STATE = hashOfFolder(CONTEXT, ROOT).slice(0, 12);
export const FUNCTION = `lambda-local-test/function:${STATE}`;
export const EMPTY = `lambda-local-test/empty:${STATE}`;
export const ROLE = 'arn:aws:iam::000000000000:role/test';

/** Builds the images, starts the Lambda with `env`, and waits until it answers. */
export async function startTestLambda(env: Record<string, string> = {}): Promise<TestLambda> {
  const image = await buildImages();
  const instance = `ll-test-${randomBytes(4).toString('hex')}`;
  const address = await startContainer(instance, image, env);
  const answers = () => waitForAnswer(address);
  await answers();
  const client = new LambdaClient({
    endpoint: `http://${address}:9000`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

  const invoke: TestLambda['invoke'] = async (name, event) => {
    const command = new InvokeCommand({
      FunctionName: name,
      Payload: JSON.stringify(event),
      LogType: 'Tail',
    });
    const { Payload, FunctionError, LogResult } = await client.send(command);
    const payload: unknown = JSON.parse(Payload?.transformToString() || 'null');
    return { payload, error: FunctionError, log: Buffer.from(LogResult ?? '', 'base64').toString() };
  };
  return {
    client,
    network: instance,
    container: instance,
    address,
    instance,
    answers,
    create: async (name, input = {}) => {
      const defaults = {
        Role: ROLE,
        PackageType: 'Image',
        Code: { ImageUri: FUNCTION },
        MemorySize: 512,
      } as const;
      await client.send(
        new CreateFunctionCommand({ FunctionName: name, Timeout: 20, ...defaults, ...input }),
      );
      await waitUntilFunctionActiveV2({ client, maxWaitTime: 10 }, { FunctionName: name });
    },
    invoke,
    shell: async (name, script) => String((await invoke(name, { shell: script })).payload),
    remove: async () => {
      client.destroy();
      await execa('docker', ['stop', '--time', '10', instance]);
      await execa('docker', ['rm', '--force', instance]);
      await execa('docker', ['network', 'rm', instance]);
    },
  };
}

/**
 * Builds the images unless they exist. The lock keeps test files that run at the same time from building the
 * same images.
 */
async function buildImages(): Promise<string> {
  const build = 'node script/build.mjs lambda-local && node script/build-images.mjs lambdaLocal';
  await execa('flock', ['/tmp/lambda-local-test.lock', 'sh', '-c', build], { cwd: ROOT });
  const { lambdaLocal } = images.parse(JSON.parse(readFileSync(`${ROOT}build/images.json`, 'utf8')));
  const buildArgs = { LAMBDA: lambdaLocal };
  for (const [target, tag] of [
    ['node', FUNCTION],
    ['empty', EMPTY],
  ] as const) {
    await buildSharedImage({ tag, target, context: CONTEXT, buildArgs });
  }
  return lambdaLocal;
}

/** Starts a Lambda's container on a network of the same name. Resolves to its address there. */
async function startContainer(
  instance: string,
  image: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  await execa('docker', ['network', 'create', instance]);
  const settings = Object.entries({ LAMBDA_LOCAL_INSTANCE: instance, ...env });
  await execa('docker', [
    ...['run', '--detach', '--name', instance, '--network', instance, '--pid', 'host'],
    ...['--cap-add', 'NET_ADMIN', '--cap-add', 'SYS_ADMIN', '--cap-add', 'SYS_PTRACE'],
    ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
    ...['--volume', '/var/run/docker.sock:/var/run/docker.sock'],
    ...settings.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    image,
  ]);
  const format = `{{(index .NetworkSettings.Networks "${instance}").IPAddress}}`;
  const { stdout: address } = await execa('docker', ['inspect', '--format', format, instance]);
  return address;
}

/** Resolves when the Lambda at an address answers. Rejects after 100 seconds. */
async function waitForAnswer(address: string): Promise<void> {
  const url = `http://${address}:9000/2016-08-19/account-settings`;
  const deadline = AbortSignal.timeout(100_000);
  const answers = async () => {
    try {
      return (await fetch(url, { signal: AbortSignal.any([deadline, AbortSignal.timeout(5_000)]) })).ok;
    } catch {
      // Nobody listens yet, or nobody has the address yet.
      return false;
    }
  };
  // It listens a fraction of a second after its container has started.
  while (!(await answers())) await setTimeout(50, undefined, { signal: deadline });
}
