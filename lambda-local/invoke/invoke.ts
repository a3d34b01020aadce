import { randomBytes } from 'node:crypto';
import type { Execution } from '../environment/fleet.ts';
import type { FunctionConfig } from '../functions/function-config.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import type { Functions } from '../functions/functions.ts';
import { addUsage } from '../functions/usage.ts';
import type { Outcome, ResponseSink } from '../runtime-api/work.ts';
import { admit } from './admission.ts';

export interface InvokeRequest {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly clientContext: string | undefined;
  readonly sink: ResponseSink;
}

export interface InvokeResult {
  readonly outcome: Outcome;
  /** The log as `LogType: Tail` gives it. It is complete later than the outcome. */
  readonly log: Promise<Buffer>;
}

/**
 * Runs a function. Rejects with TooManyRequestsException, or with ResourceConflictException if the function
 * is not active yet.
 */
export type Invoke = (record: FunctionRecord, request: InvokeRequest) => Promise<InvokeResult>;

export function createInvoke(
  functions: Functions,
  accountConcurrency: number,
  arnOf: (name: string) => string,
): Invoke {
  return async (record, request) => {
    const release = admit(record, functions, accountConcurrency);
    const { config, fleet } = record;
    try {
      const execution = await fleet.execute(request.requestId, () => ({
        ...request,
        functionArn: arnOf(config.name),
        traceId: traceId(),
        deadline: Date.now() + config.timeout * 1000,
      }));
      record.usage = addUsage(record.usage, billedMs(execution), config.memorySize);
      const log = execution.tail.then((tail) => framedLog(request.requestId, config, execution, tail));
      return { outcome: execution.outcome, log };
    } finally {
      release();
    }
  };
}

/** The billed time: Lambda bills INIT and the run together, in whole ms. */
function billedMs({ runMs, initMs = 0 }: Execution): number {
  return Math.max(1, Math.ceil(runMs + initMs));
}

function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  const random = (size: number) => randomBytes(size).toString('hex');
  return `Root=1-${seconds}-${random(12)};Parent=${random(8)};Sampled=0`;
}

/** `tail` between the lines that Lambda itself writes before and after the output of every invocation. */
function framedLog(requestId: string, config: FunctionConfig, execution: Execution, tail: Buffer): Buffer {
  const { outcome, runMs, initMs } = execution;
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${runMs.toFixed(2)} ms`,
    `Billed Duration: ${billedMs(execution)} ms`,
    `Memory Size: ${config.memorySize} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ...(outcome.ok ? [] : ['Status: error', `Error Type: ${outcome.errorType}`]),
  ];
  const text = [
    `START RequestId: ${requestId} Version: $LATEST\n`,
    tail.toString(),
    `END RequestId: ${requestId}\n`,
    `${parts.join('\t')}\n`,
  ];
  return Buffer.from(text.join('')).subarray(-4096);
}
