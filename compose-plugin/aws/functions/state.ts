import { GetFunctionCommand, GetFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { call, errorName } from '../call.ts';
import type { Aws } from '../connect.ts';

/** A function as it is in the account. */
export interface FunctionState {
  arn: string;
  imageUri: string;
  memorySize: number;
  timeout: number;
  ephemeralStorage: number;
  architecture: string;
  role: string;
  /** Lambda's state: Pending, Active, Inactive or Failed. */
  state: string;
  reason: string | undefined;
  updating: boolean;
  tags: Readonly<Record<string, string>>;
  concurrency: number | undefined;
  /** Retries of asynchronous invocations; undefined: Lambda's default of two. */
  retries: number | undefined;
}

const MISSING = 'ResourceNotFoundException';

/** Reads a function from the account; undefined: the function does not exist. */
export async function readFunction(aws: Aws, name: string): Promise<FunctionState | undefined> {
  const options = { abortSignal: aws.signal };
  const found = await orMissing(
    call(
      aws,
      'lambda:GetFunction',
      () => aws.lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
      [MISSING],
    ),
  );
  if (found === undefined) return undefined;
  const events = await orMissing(
    call(
      aws,
      'lambda:GetFunctionEventInvokeConfig',
      () => aws.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: name }), options),
      [MISSING],
    ),
  );
  const { Configuration: configuration = {}, Code, Tags, Concurrency } = found;
  return {
    arn: configuration.FunctionArn ?? '',
    imageUri: Code?.ImageUri ?? '',
    memorySize: configuration.MemorySize ?? 0,
    timeout: configuration.Timeout ?? 0,
    ephemeralStorage: configuration.EphemeralStorage?.Size ?? 512,
    architecture: configuration.Architectures?.[0] ?? 'x86_64',
    role: configuration.Role ?? '',
    state: configuration.State ?? 'Active',
    reason: configuration.StateReason,
    updating: configuration.LastUpdateStatus === 'InProgress',
    tags: Tags ?? {},
    concurrency: Concurrency?.ReservedConcurrentExecutions,
    retries: events?.MaximumRetryAttempts,
  };
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (errorName(error) === MISSING) return undefined;
    throw error;
  }
}
