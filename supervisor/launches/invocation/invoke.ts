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
  throw new BoxerError(
    'EVENT_TOO_LARGE',
    `the launch event is ${size} MB, mostly environment; Lambda accepts 6 MB`,
    {
      hint: 'leave variables out with x-boxer.environment.exclude',
    },
  );
}

export interface InvokeOptions extends InvocationOptions {
  /** Called whenever an invocation is sent. The function's timeout begins no earlier. */
  readonly onInvoke?: () => void;
}

/**
 * Resolves when Lambda has begun to answer. Creates the function first where the provider leaves that to
 * phantoms. Sends only those requests again that were throttled, each with a new `payload`, as credentials in
 * the last one may have expired. Rejects with BoxerError where the user can do something about the error.
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
      // The function is pending: another replica has just created it, an update is in progress, or AWS had
      // deactivated it because it was unused.
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

/** Parses an error response, which is JSON with Lambda's errorType and errorMessage. */
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
 * Invokes the twin. Creates its function first where the provider leaves that to phantoms. `event` is called
 * for each attempt. Resolves when the invocation has ended, with the outcome that its response reports. The
 * guest's own exit status, where there is one, has been sent over the session before.
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
    // The reports are a few hundred bytes. A function that sends more is not a Boxer function, and the end of
    // its response is enough.
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
