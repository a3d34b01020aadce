import { request } from 'node:http';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Docker } from './docker.ts';
import { choosesAnEngine, USUAL_SOCKET } from './endpoint.ts';

/** An answer of the Engine API; `body` is parsed JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks the engine itself: a `docker` in between takes longer to start than the engine to answer. Undefined where only docker knows
 * the way, as with another context or host, and where the engine does not answer, which docker finds words for.
 * @param path with its query, and without a version: the engine's own
 * @throws BoxerError CANCELLED
 */
export async function askEngine(engine: Docker, path: string): Promise<Answer | undefined> {
  if (choosesAnEngine(engine)) return undefined;
  try {
    return await get(path, engine.signal);
  } catch {
    if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
    return undefined;
  }
}

function get(path: string, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request(
    { socketPath: USUAL_SOCKET, path, signal, headers: { host: 'docker' } },
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
