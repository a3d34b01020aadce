import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';
import type { WantedFunction } from '../wanted.ts';
import { type Difference, differences } from './compare.ts';
import { type FunctionState, readFunction } from './state.ts';
import { waitFor } from './wait.ts';

export interface ApplyOptions {
  aws: Aws;
  /** The image's URI with its digest. */
  imageUri: string;
  tags: Readonly<Record<string, string>>;
  /** Seconds until a function counts as stuck; undefined: the default. */
  wait: number | undefined;
  say: (text: string) => void;
}

/** How often the function's state is read again when somebody else changes the same function. */
const ROUNDS = 5;
const CONFLICT = 'ResourceConflictException';

/**
 * Brings a function into the wanted state. The function may be missing, different, failed, or being changed
 * by somebody else.
 * @throws BoxerError FOREIGN if a function of this name does not belong to the project; CONFLICT,
 * FUNCTION_STUCK, FUNCTION_FAILED, ROLE
 */
export async function applyFunction(options: ApplyOptions, wanted: WantedFunction): Promise<void> {
  const { aws, say, wait } = options;
  const name = wanted.functionName;
  for (let round = 0; round < ROUNDS; round += 1) {
    try {
      await applyOnce(options, wanted);
      return;
    } catch (error) {
      if (errorName(error) !== CONFLICT) throw error;
      say(` Function ${name}  Waiting for another change of it to end`);
      const state = await readFunction(aws, name);
      if (state !== undefined)
        await waitFor(aws, name, state.state === 'Active' ? 'updated' : 'active', wait);
    }
  }
  throw new BoxerError('CONFLICT', `function ${name} is being changed by somebody else, again and again`, {
    hint: 'Is another `docker boxer up` of this project running? Run this one again when that has ended.',
  });
}

async function applyOnce(options: ApplyOptions, wanted: WantedFunction): Promise<void> {
  const { aws, tags, wait, imageUri } = options;
  const name = wanted.functionName;
  let found = await readFunction(aws, name);
  if (found !== undefined) requireOurs(name, found, tags);
  if (found?.state === 'Failed') {
    await send(aws, 'lambda:DeleteFunction', (options) =>
      aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }), options),
    );
    found = undefined;
  }
  if (found === undefined) await create(options, wanted);
  await waitFor(aws, name, 'active', wait);
  const state = found ?? (await readFunction(aws, name));
  if (state === undefined)
    throw new BoxerError('FUNCTION_FAILED', `function ${name} has gone while it was made`);
  await change(options, wanted, state, differences(wanted, state, imageUri));
}

/** @throws BoxerError FOREIGN */
function requireOurs(name: string, { tags }: FunctionState, ours: Readonly<Record<string, string>>): void {
  const whose = tags['boxer:project'];
  if (whose === ours['boxer:project']) return;
  throw new BoxerError(
    'FOREIGN',
    `there is a function ${name} already, and it is ` +
      `${whose === undefined ? 'not made by Boxer' : `that of the project ${whose}`}`,
    { hint: 'Rename the project (-p, or name: in the compose file), or remove that function.' },
  );
}

/**
 * A new role takes some seconds to be known everywhere in AWS: ms between attempts, and the number of
 * attempts.
 */
const ROLE_PAUSE = 2000;
const ROLE_ATTEMPTS = 15;
const NOT_ASSUMABLE = /cannot be assumed by Lambda/i;

async function create(options: ApplyOptions, wanted: WantedFunction): Promise<void> {
  const { aws, say } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await createOnce(options, wanted);
    } catch (error) {
      const isRole = error instanceof BoxerError && NOT_ASSUMABLE.test(error.message);
      if (isRole && attempt === ROLE_ATTEMPTS) throw notAssumable(wanted, error);
      if (!isRole) throw error;
      say(` Function ${wanted.functionName}  Waiting for its role to be known to Lambda`);
      await delay(ROLE_PAUSE, undefined, { signal: aws.signal }).catch(() => {
        throw new BoxerError('CANCELLED', 'cancelled');
      });
    }
  }
}

const notAssumable = ({ functionName, role }: WantedFunction, cause: BoxerError) =>
  new BoxerError('ROLE', `function ${functionName}: Lambda may not take the role ${role}`, {
    hint: 'Give the role the trust policy that `docker boxer iam trust` prints.',
    cause,
  });

async function createOnce({ aws, imageUri, tags }: ApplyOptions, wanted: WantedFunction): Promise<void> {
  const command = new CreateFunctionCommand({
    FunctionName: wanted.functionName,
    PackageType: 'Image',
    Code: { ImageUri: imageUri },
    Role: roleOf(wanted),
    MemorySize: wanted.memorySize,
    Timeout: wanted.timeout,
    EphemeralStorage: { Size: wanted.ephemeralStorage },
    Architectures: [wanted.architecture],
    Tags: tags,
  });
  await send(aws, 'lambda:CreateFunction', (options) => aws.lambda.send(command, options));
}

function roleOf({ service, role }: WantedFunction): string {
  if (role !== undefined) return role;
  throw new BoxerError('ROLE', `service "${service}": x-boxer names no role for its function`, {
    hint:
      'Make one with the policies that `docker boxer iam function` prints, and write its ARN ' +
      'under x-boxer as `role:`.',
  });
}

/**
 * Updates the settings first and the image last. Lambda accepts an update only after the one before is
 * complete.
 */
async function change(
  { aws, imageUri, tags, wait }: ApplyOptions,
  wanted: WantedFunction,
  state: FunctionState,
  found: readonly Difference[],
): Promise<void> {
  const FunctionName = wanted.functionName;
  const has = (...what: Difference['what'][]) => found.some((one) => what.includes(one.what));
  if (has('retries')) {
    await send(aws, 'lambda:PutFunctionEventInvokeConfig', (options) =>
      aws.lambda.send(
        new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }),
        options,
      ),
    );
  }
  if (has('concurrency')) await changeConcurrency(aws, wanted);
  if (has('memory', 'timeout', 'storage', 'role')) {
    const command = new UpdateFunctionConfigurationCommand({
      FunctionName,
      MemorySize: wanted.memorySize,
      Timeout: wanted.timeout,
      EphemeralStorage: { Size: wanted.ephemeralStorage },
      ...(wanted.role === undefined ? {} : { Role: wanted.role }),
    });
    await send(aws, 'lambda:UpdateFunctionConfiguration', (options) => aws.lambda.send(command, options));
    await waitFor(aws, FunctionName, 'updated', wait);
  }
  if (has('image', 'architecture')) {
    const command = new UpdateFunctionCodeCommand({
      FunctionName,
      ImageUri: imageUri,
      Architectures: [wanted.architecture],
    });
    await send(aws, 'lambda:UpdateFunctionCode', (options) => aws.lambda.send(command, options));
    await waitFor(aws, FunctionName, 'updated', wait);
  }
  if (Object.entries(tags).some(([key, value]) => state.tags[key] !== value)) {
    await send(aws, 'lambda:TagResource', (options) =>
      aws.lambda.send(new TagResourceCommand({ Resource: state.arn, Tags: { ...tags } }), options),
    );
  }
}

async function changeConcurrency(aws: Aws, { functionName, concurrency }: WantedFunction): Promise<void> {
  const FunctionName = functionName;
  if (concurrency === undefined) {
    await send(aws, 'lambda:DeleteFunctionConcurrency', (options) =>
      aws.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }), options),
    );
    return;
  }
  const command = new PutFunctionConcurrencyCommand({
    FunctionName,
    ReservedConcurrentExecutions: concurrency,
  });
  await send(aws, 'lambda:PutFunctionConcurrency', (options) => aws.lambda.send(command, options));
}

/** Sends a request and passes conflicts on to the caller, which reads the function's state again. */
const send = (
  aws: Aws,
  action: string,
  request: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<unknown> => call(aws, action, () => request({ abortSignal: aws.signal }), [CONFLICT]);
