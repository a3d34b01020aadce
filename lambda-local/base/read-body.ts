import type { IncomingMessage } from 'node:http';

/** The body of a request of at most `limit` bytes; undefined when it is longer, with the rest left unread. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the socket: the refusal is still to be sent over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Bytes, and ms, for which a client that was refused may go on sending. */
const REST_LIMIT = 64 * 1024 * 1024;
const REST_TIMEOUT = 10_000;

/**
 * Takes what is left of a refused body, for a client that is still sending sees a closed connection before it sees the answer. One that
 * does not come to an end is cut off.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let size = 0;
  const timer = setTimeout(() => request.destroy(), REST_TIMEOUT);
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > REST_LIMIT) request.destroy();
  });
  request.once('close', () => clearTimeout(timer));
  request.resume();
}
