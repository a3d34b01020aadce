import { randomBytes } from 'node:crypto';
import { RUNTIME_API_PORT, SERVICE_ADDRESS } from '../nat/rules.ts';

export interface LambdaEnvironmentInput {
  readonly functionName: string;
  /** MB */
  readonly memorySize: number;
  readonly region: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Names that Lambda reserves: a function's configuration may not contain them. */
export const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

/**
 * The environment of one sandbox as `NAME=value`, without the variables of its image. The credentials are not
 * valid on AWS. With them, an SDK in the function can sign requests to other local endpoints.
 */
export function lambdaEnvironment(input: LambdaEnvironmentInput): string[] {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  const all: Record<string, string> = {
    ...input.variables,
    // AWS sets an empty handler for an image, even if the image sets another one.
    _HANDLER: '',
    AWS_ACCESS_KEY_ID: 'LOCALACCESSKEYID0000',
    AWS_DEFAULT_REGION: input.region,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(input.memorySize),
    AWS_LAMBDA_FUNCTION_NAME: input.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${input.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomBytes(16).toString('hex')}`,
    AWS_LAMBDA_RUNTIME_API: `${SERVICE_ADDRESS}:${RUNTIME_API_PORT}`,
    AWS_REGION: input.region,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: '/var/task',
    TZ: input.variables.TZ ?? ':UTC',
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}
