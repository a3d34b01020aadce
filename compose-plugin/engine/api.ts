import { request } from 'node:http';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from './docker.ts';
import { choosesAnEngine, USUAL_SOCKET } from './endpoint.ts';

/** A question to the Engine API. */
export interface Question {
  /** With its query and without a version, so the engine uses its newest API. */
  readonly path: string;
  /** Sent as JSON by POST; left out: GET. */
  readonly body?: unknown;
}

/** An answer of the Engine API. */
export interface Answer {
  readonly status: number;
  readonly content: Buffer;
}

/**
 * Asks the engine directly, because starting `docker` takes longer than the engine's answer. Resolves to the
 * parsed answers in the order of `paths`; the answer is undefined for what the engine does not have (404).
 * Resolves to undefined if the user has chosen another context or host, which only docker can reach, or if
 * the engine does not answer or refuses: the caller then runs docker, which explains the error.
 * @throws BoxerError CANCELLED
 */
export async function askEngine(engine: Docker, paths: readonly string[]): Promise<unknown[] | undefined> {
  const answers = await Promise.all(paths.map((path) => callEngine(engine, { path })));
  try {
    return answers.map((answer) => {
      if (answer?.status !== 200 && answer?.status !== 404) throw new Error('the engine refuses');
      return answer.status === 200 ? JSON.parse(answer.content.toString()) : undefined;
    });
  } catch {
    return undefined;
  }
}

/**
 * The engine's answer to one question, whatever its status; undefined if the user has chosen another engine
 * or if this one does not answer.
 * @throws BoxerError CANCELLED
 */
export async function callEngine(engine: Docker, question: Question): Promise<Answer | undefined> {
  if (choosesAnEngine(engine)) return undefined;
  try {
    return await send(question, engine.signal);
  } catch {
    if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
    return undefined;
  }
}

function send({ path, body }: Question, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    ...{ socketPath: USUAL_SOCKET, path, signal, method: sent === undefined ? 'GET' : 'POST' },
    headers: { host: 'docker', ...(sent === undefined ? {} : { 'content-type': 'application/json' }) },
    // Only TLS needs the name. Node.js compiles a long regular expression to make one from the header.
    servername: '',
  };
  const asked = request(options, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, content: Buffer.concat(chunks) }));
  });
  asked.on('error', reject);
  asked.end(sent);
  return promise;
}
