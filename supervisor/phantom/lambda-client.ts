import { LambdaClient } from '@aws-sdk/client-lambda';
import type { NodeConfig } from '../published/node-config.ts';

export type Twin = NonNullable<NodeConfig['twin']>;

/** A connection through idle proxies needs a sign of life; ms. */
const KEEP_ALIVE_MS = 30_000;

/**
 * The SDK's client for one long invocation: sent once (a repeated 15-minute call would start a second copy), without a
 * limit on its duration. A local endpoint checks no credentials; without one the SDK's own chain finds them.
 */
export function createLambdaClient(twin: Twin): LambdaClient {
  return new LambdaClient({
    region: twin.region,
    maxAttempts: 1,
    requestHandler: {
      httpAgent: { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: 8 },
      requestTimeout: 0,
    },
    ...(twin.endpoint
      ? { endpoint: twin.endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
      : {}),
  });
}
