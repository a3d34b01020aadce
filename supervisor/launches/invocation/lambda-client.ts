import { LambdaClient } from '@aws-sdk/client-lambda';
import type { NodeConfig } from '../../published/node-config.ts';
import { readCredentials } from './credentials-file.ts';

export type Twin = NonNullable<NodeConfig['twin']>;

/** A connection through idle proxies needs a sign of life; ms. */
const KEEP_ALIVE_MS = 30_000;

/**
 * The SDK's client for one long invocation: sent once (a repeated 15-minute call would start a second copy), without a
 * limit on its duration. The local Lambda checks no credentials; for AWS they are in a file, or the SDK's own chain finds them.
 */
export function createLambdaClient(twin: Twin): LambdaClient {
  return new LambdaClient({
    region: twin.region,
    maxAttempts: 1,
    requestHandler: {
      httpAgent: { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: 8 },
      requestTimeout: 0,
    },
    ...(twin.endpoint ? { endpoint: twin.endpoint } : {}),
    ...credentialsOf(twin),
  });
}

/** What the client gets; nothing where the SDK is to look for itself. */
function credentialsOf({ credentials, createIfMissing }: Twin) {
  if (credentials !== undefined) return { credentials: () => readCredentials(credentials) };
  return createIfMissing ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {};
}
