import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
  type LambdaClient,
  ResourceConflictException,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { exitCodeOf } from '../../guest/exit-status.ts';
import { type LaunchEvent, launchReport } from '../../protocol/launch-event.ts';
import { BoxerError } from '../../published/boxer-error.ts';
import { MAX_EVENT_BYTES } from '../../published/node-config.ts';
import { EXIT_CANNOT_START, type Outcome, outcomeOfFailure } from '../outcome.ts';
import { ensureFunction, type InvocationOptions } from './ensure-function.ts';
import { createLambdaClient, type Twin } from './lambda-client.ts';
import { refusalOf } from './refusal.ts';
import { whileThrottled } from './throttled.ts';
import { whileAway } from './while-away.ts';

type EventStream = AsyncIterable<InvokeWithResponseStreamResponseEvent>;

function encodeEvent(event: LaunchEvent): Buffer {
  const payload = Buffer.from(JSON.stringify(event));
  if (payload.length <= MAX_EVENT_BYTES) return payload;
  const size = (payload.length / 2 ** 20).toFixed(1);
  throw new BoxerError('EVENT_TOO_LARGE', `the launch is ${size} MB, mostly environment; Lambda takes 6 MB`, {
    hint: 'leave variables out with x-boxer.environment.exclude',
  });
}

export interface InvokeOptions extends InvocationOptions {
  /** Called whenever an invocation is sent: the function's time begins no earlier. */
  readonly onInvoke?: () => void;
}

/**
 * Resolves when Lambda has begun to answer; creates the function first where that is the provider's way. Only what was throttled is
 * sent again, with what `payload` then gives: credentials in it may not live that long. Rejects with BoxerError where the user can do
 * something about it.
 */
export async function startInvocation(
  client: LambdaClient,
  twin: Twin,
  payload: (attempt: number) => Promise<Buffer>,
  { signal, say, onInvoke }: InvokeOptions,
): Promise<EventStream> {
  const what = `function ${twin.functionName}`;
  let attempts = 0;
  const invoke = () =>
    whileThrottled(
      async () => {
        attempts += 1;
        const input = { FunctionName: twin.functionName, Payload: await payload(attempts) };
        onInvoke?.();
        const command = new InvokeWithResponseStreamCommand(input);
        return whileAway(() => client.send(command, { abortSignal: signal }), signal);
      },
      { what, say, signal },
    );
  const first = await invoke()
    .catch(async (error: unknown) => {
      const missing = error instanceof ResourceNotFoundException && twin.createIfMissing;
      // Pending: another replica has just created it, an update is not through, or AWS had put it away unused.
      if (!missing && !(error instanceof ResourceConflictException)) throw error;
      if (!missing) say(`${what}: not ready (${error.message}); waiting for it`);
      await ensureFunction(client, twin, { signal, say });
      return invoke();
    })
    .catch((error: unknown) => {
      throw refusalOf(twin.functionName, error);
    });
  if (!first.EventStream)
    throw new BoxerError('NO_STREAM', `function ${twin.functionName} answered without a stream`);
  return first.EventStream;
}

function lastReport(lines: string): ReturnType<typeof launchReport.safeParse>['data'] {
  const last = lines.trimEnd().split('\n').at(-1) ?? '';
  try {
    return launchReport.safeParse(JSON.parse(last)).data;
  } catch {
    return undefined;
  }
}

/** An error response is JSON with Lambda's errorType and errorMessage. */
function failureOf(functionName: string, type: string, details: string): Outcome {
  try {
    const parsed: unknown = JSON.parse(details);
    const field = (name: string) =>
      typeof parsed === 'object' && parsed ? String(Reflect.get(parsed, name) ?? '') : '';
    return outcomeOfFailure(functionName, field('errorType') || type, field('errorMessage'));
  } catch {
    return outcomeOfFailure(functionName, type, details);
  }
}

/**
 * Invokes the twin, creating its function first where that is the provider's way; `event` is asked for each attempt's. Resolves when the invocation has ended, with
 * what it says about the end; the guest's own exit status, when there was one, has come over the session before.
 */
export async function invokeTwin(
  twin: Twin,
  event: (attempt: number) => Promise<LaunchEvent>,
  options: InvokeOptions,
): Promise<Outcome> {
  const client = createLambdaClient(twin);
  try {
    return await followInvocation(client, twin, event, options);
  } finally {
    client.destroy();
  }
}

async function followInvocation(
  client: LambdaClient,
  twin: Twin,
  event: (attempt: number) => Promise<LaunchEvent>,
  options: InvokeOptions,
): Promise<Outcome> {
  const payload = async (attempt: number) => encodeEvent(await event(attempt));
  const stream = await startInvocation(client, twin, payload, options);
  let text = '';
  for await (const part of stream) {
    // The reports are a few hundred bytes; a function that says more is not one of ours, its tail suffices.
    if (part.PayloadChunk?.Payload)
      text = (text + Buffer.from(part.PayloadChunk.Payload).toString()).slice(-65_536);
    const complete = part.InvokeComplete;
    if (complete?.ErrorCode)
      return failureOf(twin.functionName, complete.ErrorCode, complete.ErrorDetails ?? '');
  }
  const report = lastReport(text);
  if (report?.type === 'exit') return { exitCode: exitCodeOf(report) };
  if (report?.type === 'duplicate') {
    const lastLine = `function ${twin.functionName}: ${report.message}`;
    return { exitCode: EXIT_CANNOT_START, lastLine, duplicate: true };
  }
  if (report?.type === 'failed')
    return { exitCode: report.exitCode, lastLine: `function ${twin.functionName}: ${report.message}` };
  const lastLine = `function ${twin.functionName}: the response ended early: ${text.slice(-200)}`;
  return { exitCode: EXIT_CANNOT_START, lastLine };
}
