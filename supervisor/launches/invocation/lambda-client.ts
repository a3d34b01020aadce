import { LambdaClient } from '@aws-sdk/client-lambda';
import type { NodeConfig } from '../../published/node-config.ts';
import { readCredentials } from './credentials-file.ts';

export type Twin = NonNullable<NodeConfig['twin']>;

/** Proxies close connections that are silent for too long; ms between TCP keep-alive probes. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Creates the SDK's client for one long invocation. The client sends each request once, as a repeated
 * 15-minute call would start a second copy of the guest, and does not limit the duration of a request. The
 * local Lambda checks no credentials. For AWS they are in a file, or the SDK's default provider chain finds
 * them.
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

/** The client's option `credentials`; left out where the SDK's default provider chain finds them. */
function credentialsOf({ credentials, createIfMissing }: Twin) {
  if (credentials !== undefined) return { credentials: () => readCredentials(credentials) };
  return createIfMissing ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {};
}
