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
/** What the addon takes for a reply without a descriptor. */
const NO_DESCRIPTOR = -1;

/** A service socket that the launcher has opened, and on which process monitors may be waiting already. */
export interface OpenSocket {
  readonly fd: number;
  /** The value of BOXER_SOCKET. */
  readonly name: string;
}

interface ServerOptions {
  /** Serve this socket in place of a new one. */
  readonly open?: OpenSocket | undefined;
  /** ms */
  readonly timeout?: number;
}

/**
 * Serves the node's process monitors on an abstract Unix socket, which needs no file system and can be
 * reached from a chroot. The addon handles the connections (`shim-c/addon/service.c`), as a Node stream for
 * each would cost more than the rest of a request.
 */
export function startServiceServer(
  addon: Addon,
  handler: ServiceHandler,
  options: ServerOptions = {},
): ServiceServer {
  return new AddonServer(addon, handler, options);
}

function newSocket(): { readonly socket: string; readonly name: string } {
  const socket = `boxer-${randomBytes(8).toString('hex')}`;
  return { socket, name: `@${socket}` };
}

class AddonServer implements ServiceServer {
  readonly name: string;
  readonly #addon: Addon;
  readonly #handler: ServiceHandler;
  /** The addon's object that stands for the socket and its connections. */
  readonly #service: object;
  /** Where the addon puts a request before it calls `#onRequest`. */
  readonly #room = Buffer.alloc(REQUEST_SIZE);
  /** Requests that wait for an asynchronous answer, by id. */
  readonly #waiting = new Map<number, AbortController>();

  constructor(addon: Addon, handler: ServiceHandler, { open, timeout = CLIENT_TIMEOUT_MS }: ServerOptions) {
    this.#addon = addon;
    this.#handler = handler;
    const { socket, name } = open ? { socket: open.fd, name: open.name } : newSocket();
    this.name = name;
    this.#service = addon.serviceStart(
      socket,
      MAX_CONNECTIONS,
      timeout,
      this.#room,
      (id) => this.#onRequest(id),
      (id) => this.#waiting.get(id)?.abort(),
    );
  }

  close(): void {
    this.#addon.serviceStop(this.#service);
  }

  #onRequest(id: number): void {
    const request = parseRequest(this.#room);
    if (request === undefined) {
      // The request is of another version. The client sees the connection end, as if no supervisor were
      // running.
      this.#addon.serviceAnswer(this.#service, id, NOTHING, NO_DESCRIPTOR);
      return;
    }
    const cancel = new AbortController();
    try {
      const answer = this.#handler(request, cancel.signal);
      if (answer instanceof Promise) {
        this.#waiting.set(id, cancel);
        void this.#respondLater(id, request.operation, answer);
      } else this.#respond(id, request.operation, answer);
    } catch (error) {
      this.#fail(id, request.operation, error);
    }
  }

  async #respondLater(id: number, operation: number, answer: Promise<ServiceAnswer>): Promise<void> {
    try {
      this.#respond(id, operation, await answer);
    } catch (error) {
      this.#fail(id, operation, error);
    } finally {
      this.#waiting.delete(id);
    }
  }

  #respond(id: number, operation: number, answer: ServiceAnswer): void {
    try {
      const reply = encodeReply(operation, answer);
      this.#addon.serviceAnswer(this.#service, id, reply, answer.fd ?? NO_DESCRIPTOR);
    } finally {
      answer.release?.();
    }
  }

  #fail(id: number, operation: number, error: unknown): void {
    this.#respond(id, operation, { error: errnoOf(errnoNameOf(error)) });
  }
}
