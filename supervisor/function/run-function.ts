import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { startReaper } from '../guest/reaper.ts';
import { type LaunchReport, launchEvent } from '../phantom/event.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { Runtime } from '../runtime.ts';
import { runLaunch } from './launch.ts';
import { createRuntimeApi, type Invocation, type RuntimeApi } from './runtime-api.ts';
import { wipeDirectory } from './wipe.ts';

function parseEvent(payload: string) {
  try {
    return launchEvent.safeParse(JSON.parse(payload));
  } catch {
    return undefined;
  }
}

async function finish(response: ClientRequest, report: LaunchReport): Promise<void> {
  const answered = once(response, 'response') as Promise<[IncomingMessage]>;
  response.end(`${JSON.stringify(report)}\n`);
  const [answer] = await answered;
  answer.resume();
}

async function handle(api: RuntimeApi, runtime: Runtime, invocation: Invocation): Promise<void> {
  const parsed = parseEvent(invocation.payload);
  if (!parsed?.success) {
    const message =
      'this function is the twin of a Docker Compose service: it is started by docker boxer, not by hand';
    return api.fail(invocation.requestId, 'Function.NotALaunch', message);
  }
  const response = api.respond(invocation.requestId);
  response.write(`${JSON.stringify({ type: 'started' } satisfies LaunchReport)}\n`);
  const lost = new AbortController();
  response.on('error', (error) => lost.abort(error));
  const reaper = startReaper(runtime.addon);
  let report: LaunchReport;
  try {
    const status = await runLaunch(parsed.data, {
      runtime,
      reaper,
      requestId: invocation.requestId,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
      signal: lost.signal,
    });
    report = { type: 'exit', ...status };
  } catch (error) {
    const code = error instanceof BoxerError ? error.code : 'FAILED';
    const message = error instanceof Error ? error.message : String(error);
    report =
      code === 'LAUNCH_USED'
        ? { type: 'duplicate', message }
        : { type: 'failed', code, message, exitCode: 125 };
    // For the function's own log.
    process.stderr.write(`boxer: ${message}\n`);
  }
  await reaper.killAll(AbortSignal.timeout(5000));
  reaper.close();
  await wipeDirectory('/tmp');
  await finish(response, report);
}

/** The Lambda runtime loop: one launch an invocation, each in a clean environment. Returns only by an error of the Runtime API. */
export async function runFunction(runtime: Runtime, authority: string): Promise<never> {
  const api = createRuntimeApi(authority);
  for (;;) await handle(api, runtime, await api.next());
}
