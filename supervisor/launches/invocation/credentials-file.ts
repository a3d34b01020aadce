import { readFile } from 'node:fs/promises';
import { BoxerError } from '../../published/boxer-error.ts';
import { awsCredentials } from '../../published/node-config.ts';

/** What the SDK takes as credentials. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/**
 * Reads the credentials that the plugin handed over, as they are now: `docker boxer up` renews the file in place. The SDK asks
 * again before each call once `expiration` has come near.
 * @throws BoxerError CREDENTIALS if the file is not there or not understood; never with its content
 */
export async function readCredentials(path: string): Promise<Credentials> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const parsed = awsCredentials.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new BoxerError('CREDENTIALS', `${path} holds no credentials for Lambda`, {
      hint: 'Run `docker boxer up` again: it writes them.',
    });
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = parsed.data;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration: new Date(expiration) }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
