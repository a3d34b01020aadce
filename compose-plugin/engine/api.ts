import { request } from 'node:http';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from './docker.ts';
import { choosesAnEngine, USUAL_SOCKET } from './endpoint.ts';

/** An answer of the Engine API; `body` is parsed JSON. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks the engine directly, because starting `docker` takes longer than the engine's answer. Resolves to the
 * parsed answers in the order of `paths`; the answer is undefined for what the engine does not have (404).
 * Resolves to undefined if the user has chosen another context or host, which only docker can reach, or if
 * the engine does not answer or refuses: the caller then runs docker, which explains the error.
 * @param paths with their queries and without a version, so the engine uses its newest API
 * @throws BoxerError CANCELLED
 */
export async function askEngine(engine: Docker, paths: readonly string[]): Promise<unknown[] | undefined> {
  if (choosesAnEngine(engine)) return undefined;
  try {
    const answers = await Promise.all(paths.map((path) => get(path, engine.signal)));
    if (!answers.every(({ status }) => status === 200 || status === 404)) return undefined;
    return answers.map(({ status, body }) => (status === 200 ? body : undefined));
  } catch {
    if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
    return undefined;
  }
}

function get(path: string, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request(
    { socketPath: USUAL_SOCKET, path, signal, headers: { host: 'docker' }, servername: '' },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
        } catch (error) {
          reject(error);
        }
      });
    },
  );
  asked.on('error', reject);
  asked.end();
  return promise;
}
