import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LambdaError } from '../base/lambda-error.ts';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import { discardRest } from '../base/read-body.ts';
import type { Reply } from './call.ts';
import type { Router } from './routes.ts';

/** Serves the Lambda API on `port` of every address until `signal` aborts. */
export async function startApi(port: number, route: Router, log: Log, signal: AbortSignal): Promise<Server> {
  const server = createServer((request, response) => {
    const requestId = randomUUID();
    answer(route, request, response, requestId)
      .catch((error: unknown) => {
        if (!(error instanceof LambdaError))
          log.error('request failed', { requestId, reason: messageOf(error) });
        return errorReply(error);
      })
      .then((reply) => send(response, requestId, reply))
      .catch((error: unknown) => {
        log.debug('a caller disconnected', { requestId, reason: messageOf(error) });
        response.destroy();
      });
  });
  // The answer to an invocation may take 15 minutes: its limit is the function's timeout.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  server.listen({ port, signal });
  await once(server, 'listening', { signal });
  signal.addEventListener('abort', () => server.closeAllConnections());
  return server;
}

async function answer(
  route: Router,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://lambda');
  const routed = route(request.method ?? '', url.pathname);
  if (routed === undefined) {
    throw new LambdaError(
      'UnknownOperationException',
      404,
      `No such operation: ${request.method} ${url.pathname}`,
    );
  }
  return routed.handler({ request, response, requestId, resource: routed.resource, query: url.searchParams });
}

function errorReply(error: unknown): Reply {
  // A path or query that no AWS client would send causes both errors.
  const malformed = error instanceof URIError || error instanceof TypeError;
  const known =
    error instanceof LambdaError
      ? error
      : malformed
        ? new LambdaError('InvalidRequestContentException', 400, 'The request is malformed.')
        : new LambdaError('ServiceException', 500, messageOf(error));
  const { type, status, message, details } = known;
  const body = { Type: status < 500 ? 'User' : 'Service', message, Message: message, ...details };
  return { status, headers: { 'x-amzn-errortype': type }, body };
}

function send(response: ServerResponse, requestId: string, reply: Reply): void {
  if (reply === undefined) return;
  // After the beginning of a streamed answer, an error can only close the connection.
  if (response.headersSent) return void response.destroy();
  const { status, headers, body } = reply;
  const payload =
    body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
  response.writeHead(status, { ...type, 'x-amzn-requestid': requestId, ...headers });
  response.end(payload);
  discardRest(response.req);
}
