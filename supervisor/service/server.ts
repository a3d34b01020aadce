import { randomBytes } from 'node:crypto';
import type { Addon } from './addon.ts';
import { errnoNameOf, errnoOf } from './errno.ts';
import { encodeReply, parseRequest, REQUEST_SIZE, type ServiceReply, type ServiceRequest } from './wire.ts';

/**
 * The answer of an operation. `release` is called when the reply, and `fd` with it, has been sent or could
 * not be sent.
 */
export interface ServiceAnswer extends ServiceReply {
  readonly fd?: number;
  readonly release?: () => void;
}

export type ServiceHandler = (
  request: ServiceRequest,
  signal: AbortSignal,
) => Promise<ServiceAnswer> | ServiceAnswer;

export interface ServiceServer {
  /** The value of BOXER_SOCKET: `@` and the abstract name. */
  readonly name: string;
  close(): void;
}

/** Maximum number of guest threads inside a control call at the same time; further ones get ENETUNREACH. */
const MAX_CONNECTIONS = 1024;
/**
 * Time limit for a client to send its request. Process monitors send it at once, so a slower client is not
 * one of them.
 */
const CLIENT_TIMEOUT_MS = 5000;
const NOTHING = Buffer.alloc(0);

/** A service socket that the launcher has opened, and on which process monitors may be waiting already. */
export interface OpenSocket {
  readonly fd: number;
  /** The value of BOXER_SOCKET. */
  readonly name: string;
}

function newSocket(): { readonly socket: string; readonly name: string } {
  const socket = `boxer-${randomBytes(8).toString('hex')}`;
  return { socket, name: `@${socket}` };
}

/**
 * Serves the node's process monitors on an abstract Unix socket, which needs no file system and can be
 * reached from a chroot: on `open`, or on a new one. The addon handles the connections (`shim-c/addon/service.c`), as a Node stream for
 * each would cost more than the rest of a request.
 */
export function startServiceServer(
  addon: Addon,
  handler: ServiceHandler,
  {
    open,
    timeout = CLIENT_TIMEOUT_MS,
  }: { readonly open?: OpenSocket | undefined; readonly timeout?: number } = {},
): ServiceServer {
  const { socket, name } = open ? { socket: open.fd, name: open.name } : newSocket();
  const room = Buffer.alloc(REQUEST_SIZE);
  /** Requests that wait for an asynchronous answer, by id. */
  const waiting = new Map<number, AbortController>();

  function respond(id: number, operation: number, answer: ServiceAnswer): void {
    try {
      addon.serviceAnswer(service, id, encodeReply(operation, answer), answer.fd ?? -1);
    } finally {
      answer.release?.();
    }
  }

  function fail(id: number, operation: number, error: unknown): void {
    respond(id, operation, { error: errnoOf(errnoNameOf(error)) });
  }

  async function respondLater(id: number, operation: number, answer: Promise<ServiceAnswer>): Promise<void> {
    try {
      respond(id, operation, await answer);
    } catch (error) {
      fail(id, operation, error);
    } finally {
      waiting.delete(id);
    }
  }

  function onRequest(id: number): void {
    const request = parseRequest(room);
    if (request === undefined) {
      // The request is of another version. The client sees the connection end, as if no supervisor were
      // running.
      addon.serviceAnswer(service, id, NOTHING, -1);
      return;
    }
    const cancel = new AbortController();
    try {
      const answer = handler(request, cancel.signal);
      if (answer instanceof Promise) {
        waiting.set(id, cancel);
        void respondLater(id, request.operation, answer);
      } else respond(id, request.operation, answer);
    } catch (error) {
      fail(id, request.operation, error);
    }
  }

  const onGone = (id: number) => waiting.get(id)?.abort();
  const service = addon.serviceStart(socket, MAX_CONNECTIONS, timeout, room, onRequest, onGone);
  return { name, close: () => addon.serviceStop(service) };
}
