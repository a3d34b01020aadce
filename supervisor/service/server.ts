import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { Addon } from './addon.ts';
import { errnoNameOf, errnoOf } from './errno.ts';
import { socketFd } from './socket-fd.ts';
import { encodeReply, parseRequest, REQUEST_SIZE, type ServiceReply, type ServiceRequest } from './wire.ts';

/** What an operation answers; `release` is called when the reply, and `fd` with it, has left or could not. */
export interface ServiceAnswer extends ServiceReply {
  readonly fd?: number;
  readonly release?: () => void;
}

export type ServiceHandler = (
  request: ServiceRequest,
  signal: AbortSignal,
) => Promise<ServiceAnswer> | ServiceAnswer;

export interface ServiceServer {
  /** For BOXER_SOCKET: `@` and the abstract name. */
  readonly name: string;
  close(): void;
}

/** More guest threads than this inside a control call at once get ENETUNREACH: a bound, not a target. */
const MAX_CONNECTIONS = 1024;
/** A client that has not sent its request by then, or not taken its reply, is no process monitor: they do both at once. */
const CLIENT_TIMEOUT_MS = 5000;

async function answerOf(
  handler: ServiceHandler,
  request: ServiceRequest,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  try {
    return await handler(request, signal);
  } catch (error) {
    return { error: errnoOf(errnoNameOf(error)) };
  }
}

function respond(addon: Addon, socket: Socket, request: ServiceRequest, answer: ServiceAnswer): void {
  try {
    if (socket.destroyed) return;
    const bytes = encodeReply(request.operation, answer);
    if (answer.fd === undefined) {
      socket.end(bytes);
      return;
    }
    addon.sendFd(socketFd(socket), answer.fd, bytes);
    socket.end();
  } catch {
    // The guest process died while it asked; only its own connection is lost.
    socket.destroy();
  } finally {
    answer.release?.();
  }
}

function serve(addon: Addon, socket: Socket, handler: ServiceHandler, timeout: number): void {
  const cancel = new AbortController();
  let bytes = Buffer.alloc(0);
  let asked = false;
  const end = () => void socket.destroy();
  // By the clock, not by silence: a client that sends a byte now and then must not stay either.
  let deadline = setTimeout(end, timeout);
  socket.on('error', end);
  // A process monitor never closes one direction alone: it was interrupted, or its guest died.
  socket.on('end', end);
  socket.on('close', () => {
    clearTimeout(deadline);
    cancel.abort();
  });
  socket.on('data', async (chunk) => {
    if (asked) return void socket.destroy();
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < REQUEST_SIZE) return;
    asked = true;
    clearTimeout(deadline);
    const request = parseRequest(bytes);
    if (request === undefined) return void socket.destroy();
    const answer = await answerOf(handler, request, cancel.signal);
    if (!socket.destroyed) deadline = setTimeout(end, timeout);
    respond(addon, socket, request, answer);
  });
}

/** Serves the node's process monitors on an abstract Unix socket: it needs no file system and is seen from chroots. */
export async function startServiceServer(
  addon: Addon,
  handler: ServiceHandler,
  timeout = CLIENT_TIMEOUT_MS,
): Promise<ServiceServer> {
  const name = `boxer-${randomBytes(8).toString('hex')}`;
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(addon, socket, handler, timeout));
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(`\0${name}`, resolve);
  });
  return { name: `@${name}`, close: () => void server.close() };
}
