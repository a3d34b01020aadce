import type { IncomingMessage } from 'node:http';

/** The body of a request. Undefined if it has more than `limit` bytes; the rest of it is then unread. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the socket, because the refusal is sent over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How many bytes, and for how many ms, a refused client may continue to send. */
const REST_LIMIT = 64 * 1024 * 1024;
const REST_TIMEOUT = 10_000;

/**
 * Reads the rest of a refused body: a client that is still sending would see a closed connection instead of
 * the answer. A client that exceeds the limits is cut off.
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
