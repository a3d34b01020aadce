import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { startReaper } from '../guest/reaper.ts';
import type { Runtime } from '../node/runtime.ts';
import { runProbe } from '../probe/run-probe.ts';
import { type LaunchEvent, type LaunchReport, launchEvent, warmEvent } from '../protocol/launch-event.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { messageOf } from '../published/message-of.ts';
import { type ProbeEvent, probeEvent } from '../published/probe.ts';
import { runLaunch } from './run-launch.ts';
import { createRuntimeApi, type Invocation, type RuntimeApi } from './runtime-api.ts';
import { wipeDirectory } from './wipe.ts';

interface Event {
  readonly launch?: LaunchEvent | undefined;
  readonly probe?: ProbeEvent | undefined;
  /** The environment only starts, so that it is ready for a later launch. */
  readonly warm?: true;
}

function parseEvent(payload: string): Event {
  try {
    const parsed: unknown = JSON.parse(payload);
    const probe = probeEvent.safeParse(parsed).data?.probe;
    if (warmEvent.safeParse(parsed).success) return { warm: true };
    return probe ? { probe } : { launch: launchEvent.safeParse(parsed).data };
  } catch {
    return {};
  }
}

async function finish(response: ClientRequest, report?: LaunchReport): Promise<void> {
  const answered = once(response, 'response') as Promise<[IncomingMessage]>;
  response.end(report && `${JSON.stringify(report)}\n`);
  const [answer] = await answered;
  answer.resume();
}

/** Runs the measurements of `docker boxer probe` in place of a guest. */
async function probe(api: RuntimeApi, runtime: Runtime, at: Invocation, event: ProbeEvent, count: number) {
  const started = Math.round(performance.now());
  const response = api.respond(at.requestId);
  const lost = new AbortController();
  response.on('error', (error) => lost.abort(error));
  await runProbe(event, {
    addon: runtime.addon,
    invocation: count,
    started,
    signal: lost.signal,
    write: (line) => void response.write(`${JSON.stringify(line)}\n`),
  });
  await finish(response);
}

async function handle(
  api: RuntimeApi,
  runtime: Runtime,
  invocation: Invocation,
  count: number,
): Promise<void> {
  const event = parseEvent(invocation.payload);
  if (event.probe) return probe(api, runtime, invocation, event.probe, count);
  if (event.warm) return finish(api.respond(invocation.requestId));
  if (!event.launch) {
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
    const status = await runLaunch(event.launch, {
      runtime,
      reaper,
      requestId: invocation.requestId,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
      signal: lost.signal,
    });
    report = { type: 'exit', ...status };
  } catch (error) {
    const code = error instanceof BoxerError ? error.code : 'FAILED';
    const message = messageOf(error);
    report =
      code === 'LAUNCH_USED'
        ? { type: 'duplicate', message }
        : { type: 'failed', code, message, exitCode: 125 };
    // Standard error is the function's own log.
    process.stderr.write(`boxer: ${message}\n`);
  }
  await reaper.killAll(AbortSignal.timeout(5000));
  reaper.close();
  await wipeDirectory('/tmp');
  await finish(response, report);
}

/**
 * Runs the Lambda runtime loop: one launch for each invocation, each in a clean environment. Rejects with an
 * error of the Runtime API, and never resolves.
 */
export async function runFunction(runtime: Runtime, authority: string): Promise<never> {
  const api = createRuntimeApi(authority);
  for (let count = 1; ; count += 1) await handle(api, runtime, await api.next(), count);
}
