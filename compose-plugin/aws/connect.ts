import { ECRClient } from '@aws-sdk/client-ecr';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from '../engine/docker.ts';
import type { PolicyScope } from './iam/policies.ts';

/** Clients for one account and region, which the SDK's standard provider chains find. */
export interface Aws {
  region: string;
  lambda: LambdaClient;
  ecr: ECRClient;
  signal: AbortSignal;
  /** The scope of the IAM policy that an error message prints. */
  scope: PolicyScope;
}

/** How often the SDK attempts a call that is throttled or fails, with growing pauses. */
const ATTEMPTS = 5;

/**
 * Makes the clients and sends nothing yet. The SDK reads credentials, profiles, AWS_ENDPOINT_URL* and
 * AWS_MAX_ATTEMPTS.
 * @param region the project's region; undefined: the region of the AWS configuration
 * @throws BoxerError AWS_REGION if neither the project nor the AWS configuration names a region
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

/** The region of AWS_REGION or of the profile. */
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
