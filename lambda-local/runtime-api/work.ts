/** Where the bytes of a response go. */
export interface ResponseSink {
  /** Most bytes it takes of a streamed response; of a buffered one Lambda's own limit holds. */
  readonly limit: number;
  /** Resolves when more may follow: the runtime is held back meanwhile. Never rejects. */
  write(chunk: Buffer): Promise<void>;
}

/** One invocation as the runtime is to see it. */
export interface Work {
  readonly requestId: string;
  readonly functionArn: string;
  readonly traceId: string;
  /** Base64 or JSON as the caller sent them; absent when he did not. */
  readonly clientContext: string | undefined;
  readonly payload: Buffer;
  /** ms since the epoch */
  readonly deadline: number;
  readonly sink: ResponseSink;
}

/** What came of an invocation. `body` is the JSON that the caller gets in place of a response. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly errorType: string; readonly body: Buffer };

/** The outcome for an error that Lambda itself words. */
export function failure(errorType: string, errorMessage: string): Outcome {
  return { ok: false, errorType, body: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}
