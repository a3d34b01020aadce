/** The destination of the bytes of a response. */
export interface ResponseSink {
  /** The most bytes of a streamed response. A buffered response has Lambda's limit as well. */
  readonly limit: number;
  /** Resolves when the next chunk may follow: until then, the runtime has to wait. Never rejects. */
  write(chunk: Buffer): Promise<void>;
}

/** One invocation as the runtime sees it, and the destination of its response. */
export interface Work {
  readonly requestId: string;
  readonly functionArn: string;
  readonly traceId: string;
  /** Base64 or JSON, as the caller has sent it; undefined if the caller has sent none. */
  readonly clientContext: string | undefined;
  readonly payload: Buffer;
  /** ms since the epoch */
  readonly deadline: number;
  readonly sink: ResponseSink;
}

/** The outcome of an invocation. `body` is the JSON that the caller gets instead of a response. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly errorType: string; readonly body: Buffer };

/** The outcome for an error with a message by Lambda itself. */
export function failure(errorType: string, errorMessage: string): Outcome {
  return { ok: false, errorType, body: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}
