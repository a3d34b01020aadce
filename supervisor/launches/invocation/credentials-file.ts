import { readFile } from 'node:fs/promises';
import { BoxerError } from '../../published/boxer-error.ts';
import { awsCredentials } from '../../published/node-config.ts';

/** Credentials in the form that the SDK takes. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/**
 * Reads the credentials that the plugin handed over, in their present state: `docker boxer up` renews the
 * file in place. The SDK calls this again before each request once `expiration` is near. Rejects with
 * BoxerError CREDENTIALS if the file does not exist or cannot be parsed; the error never contains the content
 * of the file.
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
