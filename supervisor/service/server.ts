import { randomBytes } from 'node:crypto';
import type { Addon } from './addon.ts';
import { errnoNameOf, errnoOf } from './errno.ts';
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
/** A client that has not sent its request by then is no process monitor: they do it at once. */
const CLIENT_TIMEOUT_MS = 5000;
const NOTHING = Buffer.alloc(0);

/**
 * Serves the node's process monitors on an abstract Unix socket: it needs no file system and is seen from chroots. The connections
 * themselves are the addon's (`shim-c/addon/service.c`): a stream for each cost more than everything else that a request needs.
 */
export function startServiceServer(
  addon: Addon,
  handler: ServiceHandler,
  timeout = CLIENT_TIMEOUT_MS,
): ServiceServer {
  const name = `boxer-${randomBytes(8).toString('hex')}`;
  const room = Buffer.alloc(REQUEST_SIZE);
  /** Those whose answer takes its time. */
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
      // Another version's: whoever asks sees the connection end, as when nobody was there.
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
  const service = addon.serviceStart(name, MAX_CONNECTIONS, timeout, room, onRequest, onGone);
  return { name: `@${name}`, close: () => addon.serviceStop(service) };
}
