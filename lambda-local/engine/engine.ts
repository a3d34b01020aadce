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
  /** The JSON answer, null when it is empty. Throws EngineError. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** Has an archive built into an image; what the Engine says while it does, one JSON a line. Throws EngineError. */
  build(path: string, archive: Buffer): Promise<string>;
  /** Turns the connection into a stream in both directions, as `attach` does. */
  hijack(path: string): Promise<Duplex>;
}

const refusal = z.object({ message: z.string() });

/** Talks to the Engine behind `socketPath`, in the newest version of the API that it speaks. */
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
