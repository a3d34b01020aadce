import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Outcome, ResponseSink } from '../runtime-api/work.ts';
import { eventFrame } from './event-stream.ts';
import { createStreamRate } from './stream-rate.ts';

/** The most bytes of a streamed response on AWS. */
const MOST_STREAMED = 200 * 1024 * 1024;

export interface StreamingSink extends ResponseSink {
  /** Sends the last event. `log` is in base64; undefined if the caller has not asked for it. */
  complete(outcome: Outcome, log: string | undefined): void;
}

/** Passes each chunk of a response on to the caller of `InvokeWithResponseStream` when it arrives. */
export function streamingSink(response: ServerResponse, headers: Record<string, string>): StreamingSink {
  const paced = createStreamRate();
  const begin = () => {
    if (!response.headersSent) response.writeHead(200, headers);
  };
  return {
    limit: MOST_STREAMED,
    write: async (chunk) => {
      begin();
      await paced(chunk.length);
      // A caller that disconnects does not stop the function; the rest of the response is discarded.
      if (response.destroyed) return;
      if (response.write(eventFrame('PayloadChunk', 'application/octet-stream', chunk))) return;
      const left = new AbortController();
      const room = ['drain', 'close'].map((event) => once(response, event, { signal: left.signal }));
      await Promise.race(room).catch(() => {});
      left.abort();
    },
    complete: (outcome, log) => {
      begin();
      const event = {
        ...(!outcome.ok && { ErrorCode: outcome.errorType, ErrorDetails: outcome.body.toString() }),
        ...(log !== undefined && { LogResult: log }),
      };
      response.end(eventFrame('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(event))));
    },
  };
}
