import { MOST_BUFFERED } from '../runtime-api/response.ts';
import type { ResponseSink } from '../runtime-api/work.ts';

/** Keeps the whole response, for callers of `Invoke`. */
export function bufferedSink(): ResponseSink & { read(): Buffer } {
  const chunks: Buffer[] = [];
  return {
    limit: MOST_BUFFERED,
    write: async (chunk) => {
      chunks.push(chunk);
    },
    read: () => Buffer.concat(chunks),
  };
}

/** Discards the response, for asynchronous invocations. */
export const nullSink: ResponseSink = { limit: MOST_BUFFERED, write: async () => {} };
