import { Agent, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import * as z from 'zod/mini';

/** The Engine refused a request; `status` is the HTTP status. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The part of the Docker Engine's API that the local Lambda needs. */
export interface Engine {
  /** Sends a request. Resolves to the JSON answer, or to null if it is empty. Rejects with EngineError. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /**
   * Builds an image from an archive. Resolves to the Engine's messages, one JSON object per line. Rejects
   * with EngineError.
   */
  build(path: string, archive: Buffer): Promise<string>;
  /** Turns the connection into a stream in both directions, as `attach` does. */
  hijack(path: string): Promise<Duplex>;
}

const refusal = z.object({ message: z.string() });

/**
 * A client of the Engine at `socketPath`, which uses the newest version of the API that the Engine supports.
 */
export function connectEngine(socketPath = '/var/run/docker.sock'): Engine {
  const agent = new Agent({ keepAlive: true });
  const ask = (method: string, path: string, type: string, payload: string | Buffer | undefined) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = payload === undefined ? {} : { 'content-type': type };
    const asked = request({ agent, socketPath, method, path, headers }, (response) => {
      answerOf(response, `${method} ${path}`).then(resolve, reject);
    });
    asked.on('error', reject);
    asked.end(payload);
    return promise;
  };
  return {
    call: async (method, path, body) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const text = await ask(method, path, 'application/json', payload);
      return text === '' ? null : JSON.parse(text);
    },
    build: (path, archive) => ask('POST', path, 'application/x-tar', archive),
    hijack: (path) => {
      const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
      const headers = { connection: 'Upgrade', upgrade: 'tcp' };
      const asked = request({ socketPath, method: 'POST', path, headers }, (response) => {
        answerOf(response, path).then(() => reject(new Error(`${path} was not upgraded`)), reject);
      });
      asked.on('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      asked.on('error', reject);
      asked.end();
      return promise;
    },
  };
}

async function answerOf(response: IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const status = response.statusCode ?? 0;
  if (status < 300) return text;
  let message = text;
  try {
    message = refusal.parse(JSON.parse(text)).message;
  } catch {
    // A proxy in between may answer in a format of its own.
  }
  throw new EngineError(status, `${what}: ${message}`);
}
