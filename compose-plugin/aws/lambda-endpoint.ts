import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';

const request = z.object({
  protocol: z.string(),
  hostname: z.string(),
  port: z.optional(z.number()),
  path: z.string(),
});

const PATH = /\/2015-03-31\/functions\/?$/;

/**
 * Placeholder credentials: the SDK wants some before it resolves the endpoint, and nothing is signed with
 * them.
 */
const NOBODY = { accessKeyId: 'nobody', secretAccessKey: 'nobody' };

/**
 * The endpoint to which the SDK sends calls to Lambda: AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL,
 * `endpoint_url` or `services` of a profile, FIPS and dual stack are considered. The SDK has no function for
 * this question, so a request is prepared and not sent.
 * @returns undefined for AWS's standard endpoint of the region, which every SDK finds by itself
 */
export async function lambdaEndpoint(region: string): Promise<string | undefined> {
  const client = new LambdaClient({ region, credentials: NOBODY });
  let prepared: unknown;
  const command = new ListFunctionsCommand({});
  command.middlewareStack.add(
    () => async (args) => {
      prepared = args.request;
      return { response: {}, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'onlyPrepare' },
  );
  try {
    await client.send(command);
  } finally {
    client.destroy();
  }
  const { protocol, hostname, port, path } = request.parse(prepared);
  if (/^lambda\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/.test(hostname) && hostname.split('.')[1] === region)
    return undefined;
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path.replace(PATH, '')}`;
}
