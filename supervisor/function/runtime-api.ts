import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { BoxerError } from '../published/boxer-error.ts';

/** One invocation, as the Lambda Runtime API describes it. */
export interface Invocation {
  readonly requestId: string;
  /** when Lambda kills the environment, in ms since the epoch */
  readonly deadline: number;
  readonly payload: string;
}

/**
 * The Lambda Runtime API, version 2018-06-01. Rejects with BoxerError RUNTIME_API where the API refuses a
 * request.
 */
export interface RuntimeApi {
  /** Waits for the next invocation. Lambda may freeze the environment meanwhile. */
  next(): Promise<Invocation>;
  /** Opens the streamed response, which the caller ends. */
  respond(requestId: string): ClientRequest;
  /** Reports an error instead of a response. */
  fail(requestId: string, type: string, message: string): Promise<void>;
  /** Reports that this environment cannot start at all. Only allowed before the first `next`. */
  failInit(type: string, message: string): Promise<void>;
}

const BASE = '/2018-06-01/runtime/';

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export function createRuntimeApi(authority: string): RuntimeApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const [host = '127.0.0.1', port = '80'] = authority.split(':');

  const open = (method: string, path: string, headers: Record<string, string> = {}) =>
    request({ agent, host, port, method, path: BASE + path, headers });

  function answered(outgoing: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
  }

  async function report(path: string, type: string, message: string): Promise<void> {
    const outgoing = open('POST', path, {
      'Lambda-Runtime-Function-Error-Type': type,
      'Content-Type': 'application/json',
    });
    outgoing.end(JSON.stringify({ errorType: type, errorMessage: message, stackTrace: [] }));
    (await answered(outgoing)).resume();
  }

  return {
    async next() {
      const outgoing = open('GET', 'invocation/next');
      outgoing.end();
      const response = await answered(outgoing);
      const payload = await bodyOf(response);
      const requestId = response.headers['lambda-runtime-aws-request-id'];
      if (response.statusCode !== 200 || typeof requestId !== 'string')
        throw new BoxerError(
          'RUNTIME_API',
          `invocation/next answered ${response.statusCode}: ${payload.slice(0, 200)}`,
        );
      return { requestId, deadline: Number(response.headers['lambda-runtime-deadline-ms']), payload };
    },

    respond: (requestId) =>
      open('POST', `invocation/${requestId}/response`, {
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        'Transfer-Encoding': 'chunked',
        'Content-Type': 'application/x-ndjson',
      }),

    fail: (requestId, type, message) => report(`invocation/${requestId}/error`, type, message),
    failInit: (type, message) => report('init/error', type, message),
  };
}
