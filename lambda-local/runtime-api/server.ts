import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import { readBody } from '../base/read-body.ts';
import { errorReport } from './error-report.ts';
import { takeResponse } from './response.ts';
import { IllegalTransition, type Session, UnknownRequest } from './session.ts';
import type { Work } from './work.ts';

/** The most bytes of an error report, as on AWS. */
const LONGEST_REPORT = 256 * 1024;
const BASE = '/2018-06-01/runtime/';

/**
 * Serves the Runtime API of all environments on one port. `sessionOf` finds the session of a caller by the
 * caller's address, which is that of its gateway and unique. An environment can only reach its own session.
 */
export async function startRuntimeApi(
  host: string,
  port: number,
  sessionOf: (address: string) => Session | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer((request, response) => {
    const session = sessionOf(request.socket.remoteAddress ?? '');
    if (session === undefined) return refuse(response, 403, 'Forbidden', 'Not a function of this Lambda');
    serve(session, request, response).catch((error: unknown) => {
      if (error instanceof IllegalTransition) refuse(response, 403, 'InvalidStateTransition', error.message);
      else if (error instanceof UnknownRequest) refuse(response, 400, 'InvalidRequestID', error.message);
      else {
        log.debug('a runtime disconnected', { reason: messageOf(error) });
        response.destroy();
      }
    });
  });
  // A runtime may take 15 minutes to respond, and keeps its connection while it is frozen.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  server.listen({ host, port, signal });
  await once(server, 'listening', { signal });
  signal.addEventListener('abort', () => server.closeAllConnections());
}

async function serve(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.startsWith(BASE) === true ? request.url.slice(BASE.length) : '';
  const [, requestId = '', verb] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (request.method === 'GET' && path === 'invocation/next') {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    return sendWork(response, await session.next(gone.signal));
  }
  if (request.method !== 'POST') return refuse(response, 404, 'NotFound', 'No such resource');
  if (path === 'init/error') {
    session.initError(await report(request));
    return accept(response);
  }
  if (verb === 'error') {
    session.invocationError(requestId, await report(request));
    return accept(response);
  }
  if (verb !== 'response') return refuse(response, 404, 'NotFound', 'No such resource');
  if (await takeResponse(session, requestId, request)) return accept(response);
  refuse(response, 413, 'RequestEntityTooLarge', 'Exceeded maximum allowed payload size');
}

async function report(request: IncomingMessage) {
  const body = (await readBody(request, LONGEST_REPORT)) ?? Buffer.from('{}');
  return errorReport(request.headersDistinct['lambda-runtime-function-error-type']?.[0], body);
}

function sendWork(response: ServerResponse, work: Work): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': work.payload.length,
    'lambda-runtime-aws-request-id': work.requestId,
    'lambda-runtime-deadline-ms': work.deadline,
    'lambda-runtime-invoked-function-arn': work.functionArn,
    'lambda-runtime-trace-id': work.traceId,
    ...(work.clientContext !== undefined && { 'lambda-runtime-client-context': work.clientContext }),
  });
  response.end(work.payload);
}

function accept(response: ServerResponse): void {
  sendJson(response, 202, { status: 'OK' });
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  // The rest of the request may be unread, so the connection cannot be used for another request.
  response.setHeader('connection', 'close');
  sendJson(response, status, { errorMessage, errorType });
}

// The answer has a Content-Length and is not chunked, for the sake of simple clients such as shell scripts.
function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}
