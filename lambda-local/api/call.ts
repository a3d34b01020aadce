import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod/mini';
import { invalidContent, invalidParameter, tooLarge } from '../base/lambda-error.ts';
import { messageOf } from '../base/log.ts';
import { readBody } from '../base/read-body.ts';

/** One request to the Lambda API. */
export interface Call {
  readonly request: IncomingMessage;
  /** The HTTP response, for handlers that stream their answer. */
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The part of the path that names the resource, decoded; empty where there is none. */
  readonly resource: string;
  readonly query: URLSearchParams;
}

/** The answer to a call: JSON unless `body` is a Buffer; undefined: the handler has answered already. */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object | Buffer }
  | undefined;

export type Handler = (call: Call) => Promise<Reply>;

/** The most bytes of a configuration request; AWS has a similar limit. */
const LONGEST_REQUEST = 1024 * 1024;

export function header(call: Call, name: string): string | undefined {
  return call.request.headersDistinct[name]?.[0];
}

/** The raw body; throws RequestTooLargeException beyond `limit` bytes. */
export async function bodyOf(call: Call, limit: number, operation: string): Promise<Buffer> {
  const body = await readBody(call.request, limit);
  if (body === undefined)
    throw tooLarge(`Request must be smaller than ${limit} bytes for the ${operation} operation`);
  return body;
}

/**
 * The body parsed against `schema`. Throws InvalidRequestContentException and InvalidParameterValueException.
 */
export async function inputOf<T extends z.ZodMiniType>(call: Call, schema: T): Promise<z.infer<T>> {
  const body = await bodyOf(call, LONGEST_REQUEST, 'requested');
  let json: unknown;
  try {
    json = JSON.parse(body.toString() || '{}');
  } catch (error) {
    throw invalidContent(`Could not parse request body into json: ${messageOf(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
  );
  const count = `${faults.length} validation error${faults.length === 1 ? '' : 's'} detected`;
  throw invalidParameter(`${count}: ${faults.join('; ')}`);
}
