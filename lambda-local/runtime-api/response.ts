import type { IncomingMessage } from 'node:http';
import { trailerReport } from './error-report.ts';
import type { Session } from './session.ts';
import { failure, type Outcome } from './work.ts';

/** The most bytes of a buffered response on AWS: 6 MB, and room for an envelope. */
export const MOST_BUFFERED = 6_291_556;

/**
 * Passes the body of a runtime's response to the caller of the function, at the caller's pace. Resolves to
 * false if the body is too large; the rest of it is then unread.
 */
export async function takeResponse(
  session: Session,
  requestId: string,
  request: IncomingMessage,
): Promise<boolean> {
  const { sink } = session.beginResponse(requestId);
  const streaming = request.headers['lambda-runtime-function-response-mode'] === 'streaming';
  const limit = streaming ? sink.limit : Math.min(sink.limit, MOST_BUFFERED);
  let outcome: Outcome = failure('Runtime.TruncatedResponse', 'The runtime ended its response early');
  try {
    let size = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > limit) {
        outcome = failure(
          'Function.ResponseSizeTooLarge',
          `Response payload size exceeded maximum allowed payload size (${limit} bytes).`,
        );
        return false;
      }
      await sink.write(chunk);
    }
    if (request.complete) outcome = trailerReport(request.trailers) ?? { ok: true };
    return true;
  } finally {
    session.finish(outcome);
  }
}
