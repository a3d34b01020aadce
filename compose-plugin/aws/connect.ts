import { ECRClient } from '@aws-sdk/client-ecr';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from '../engine/docker.ts';
import type { PolicyScope } from './iam/policies.ts';

/** An account and region, as the SDK's standard chains find them. */
export interface Aws {
  region: string;
  lambda: LambdaClient;
  ecr: ECRClient;
  signal: AbortSignal;
  /** For the policy that an error message prints. */
  scope: PolicyScope;
}

/** Throttled and failing calls are repeated by the SDK, with growing pauses. */
const ATTEMPTS = 5;

/**
 * Connects to AWS: credentials, profiles, AWS_ENDPOINT_URL* and AWS_MAX_ATTEMPTS are the SDK's own business. Nothing is sent yet.
 * @param region as the project says; undefined: that of the AWS configuration
 * @throws BoxerError AWS_REGION where neither names one
 */
export async function connectAws(
  engine: Pick<Docker, 'env' | 'signal'>,
  region: string | undefined,
  scope: PolicyScope,
): Promise<Aws> {
  const found = region ?? (await configuredRegion());
  const attempts = engine.env.AWS_MAX_ATTEMPTS === undefined ? { maxAttempts: ATTEMPTS } : {};
  return {
    region: found,
    lambda: new LambdaClient({ region: found, ...attempts }),
    ecr: new ECRClient({ region: found, ...attempts }),
    signal: engine.signal,
    scope: { ...scope, region: found },
  };
}

/** Of AWS_REGION or the profile. */
export async function configuredRegion(): Promise<string> {
  const client = new LambdaClient({});
  try {
    return await client.config.region();
  } catch (cause) {
    throw new BoxerError(
      'AWS_REGION',
      'no AWS region: neither x-boxer.region nor the AWS configuration names one',
      {
        hint: 'Write `region: eu-west-1` under the top-level x-boxer, or set AWS_REGION.',
        cause,
      },
    );
  } finally {
    client.destroy();
  }
}
