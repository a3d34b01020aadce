import { invalidContent, invalidParameter } from '../base/lambda-error.ts';
import { messageOf } from '../base/log.ts';
import { bufferedSink } from '../invoke/buffered-sink.ts';
import { streamingSink } from '../invoke/streaming-sink.ts';
import { type ApiContext, recordOf } from './api-context.ts';
import { bodyOf, type Call, type Handler, header } from './call.ts';

const MB = 1024 * 1024;
/** The most bytes of the payload of a synchronous and of an asynchronous invocation. */
const MOST_SYNCHRONOUS = 6 * MB;
const MOST_ASYNCHRONOUS = MB;
const EXECUTED_VERSION = { 'x-amz-executed-version': '$LATEST' };

export const invokeFunction =
  (context: ApiContext): Handler =>
  async (call) => {
    const type = invocationType(call, ['RequestResponse', 'Event', 'DryRun']);
    const record = recordOf(context, call);
    if (type === 'DryRun') return { status: 204, headers: EXECUTED_VERSION };
    const limit = type === 'Event' ? MOST_ASYNCHRONOUS : MOST_SYNCHRONOUS;
    const request = await invocation(call, limit);
    if (type === 'Event') {
      context.enqueue(record, request);
      return { status: 202 };
    }
    const sink = bufferedSink();
    const { outcome, log } = await context.invoke(record, { ...request, sink });
    const headers = {
      ...EXECUTED_VERSION,
      ...(!outcome.ok && { 'x-amz-function-error': 'Unhandled' }),
      ...(wantsLog(call) && { 'x-amz-log-result': (await log).toString('base64') }),
    };
    return { status: 200, headers, body: outcome.ok ? sink.read() : outcome.body };
  };

export const invokeWithResponseStream =
  (context: ApiContext): Handler =>
  async (call) => {
    const type = invocationType(call, ['RequestResponse', 'DryRun']);
    const record = recordOf(context, call);
    if (type === 'DryRun') return { status: 204, headers: EXECUTED_VERSION };
    const request = await invocation(call, MOST_SYNCHRONOUS);
    const sink = streamingSink(call.response, {
      ...EXECUTED_VERSION,
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-requestid': call.requestId,
    });
    const { outcome, log } = await context.invoke(record, { ...request, sink });
    sink.complete(outcome, wantsLog(call) ? (await log).toString('base64') : undefined);
    return undefined;
  };

function invocationType(call: Call, known: readonly string[]): string {
  const type = header(call, 'x-amz-invocation-type') ?? 'RequestResponse';
  if (known.includes(type)) return type;
  throw invalidParameter(
    `1 validation error detected: Value '${type}' at 'invocationType' is none of ${known}`,
  );
}

const wantsLog = (call: Call) => header(call, 'x-amz-log-type') === 'Tail';

/**
 * Id, payload and context of an invocation. As on Lambda, a payload has to be JSON, and an empty one becomes
 * an empty object.
 */
async function invocation(call: Call, limit: number) {
  const body = await bodyOf(call, limit, 'InvokeFunction');
  const payload = body.length === 0 ? Buffer.from('{}') : body;
  try {
    JSON.parse(payload.toString());
  } catch (error) {
    throw invalidContent(`Could not parse request body into json: ${messageOf(error)}`);
  }
  const encoded = header(call, 'x-amz-client-context');
  const clientContext = encoded && Buffer.from(encoded, 'base64').toString();
  // The context becomes a header of the Runtime API, in which a line end would start another header.
  if (clientContext && /[^\x20-\x7e]/.test(clientContext))
    throw invalidContent('Client context must be JSON in Base64');
  return { requestId: call.requestId, payload, clientContext };
}
