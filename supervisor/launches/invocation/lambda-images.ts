import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { BoxerError } from '../../published/boxer-error.ts';
import { whileAway } from './while-away.ts';

const containerImage = z.object({
  Id: z.string(),
  EntryPoint: z.array(z.string()),
  Command: z.array(z.string()),
  Volumes: z.array(z.string()),
  StopSignal: z.string(),
});
/** The image of a container in an answer of the local Lambda. */
export type ContainerImage = z.infer<typeof containerImage>;

/** How long a build may take, ms: it reads and writes a hundred MB on a machine that may be busy. */
const BUILD_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** Requests to the local Lambda about the Engine's images. */
export interface LambdaImages {
  ofContainer(id: string): Promise<ContainerImage>;
  /** Makes the image `ImageUri` if it is missing. */
  derive(wanted: {
    Base: string;
    Layer: { ImageUri: string; Path: string };
    EntryPoint: readonly string[];
    Labels: Readonly<Record<string, string>>;
    ImageUri: string;
  }): Promise<void>;
}

/** The requests reject with BoxerError LAMBDA and the Lambda's message if the Lambda refuses. */
export function lambdaImages(endpoint: string, signal: AbortSignal): LambdaImages {
  const ask = (path: string, timeout: number, body?: object): Promise<unknown> =>
    whileAway(async () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
      const { isGood, status, answer } = await exchange(`${endpoint}/2021-local/${path}`, body, limit);
      if (isGood) return answer;
      throw new BoxerError('LAMBDA', `the local Lambda: ${messageIn(answer) ?? status}`);
    }, signal);
  return {
    ofContainer: async (id) => containerImage.parse(await ask(`containers/${id}/image`, ANSWER_TIMEOUT_MS)),
    derive: async (wanted) => void (await ask('images', BUILD_TIMEOUT_MS, wanted)),
  };
}

/**
 * Sends a GET request, or a POST request with a JSON body. node:http is loaded already; loading the global
 * fetch() would delay the start of every phantom.
 */
async function exchange(url: string, body: object | undefined, signal: AbortSignal) {
  const method = body === undefined ? 'GET' : 'POST';
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { method, agent: false, signal }, resolve);
    sent.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
  const { statusCode: status = 0 } = response;
  return { isGood: status >= 200 && status < 300, status, answer: await json(response) };
}

function messageIn(answer: unknown): string | undefined {
  const parsed = z.object({ message: z.string() }).safeParse(answer);
  return parsed.data?.message;
}
