import { setTimeout as delay } from 'node:timers/promises';
import { LambdaError, tooManyRequests } from '../base/lambda-error.ts';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import { nullSink } from './buffered-sink.ts';
import type { Invoke } from './invoke.ts';

export interface Event {
  readonly requestId: string;
  readonly payload: Buffer;
  readonly clientContext: string | undefined;
}

/** The most events that may wait per function. */
const MOST_QUEUED = 1000;
/** The wait in ms of a throttled event. It doubles each time, up to `LONGEST_THROTTLED`. */
const THROTTLED = 1000;
const LONGEST_THROTTLED = 300_000;
const DEFAULT_RETRIES = 2;
const DEFAULT_AGE = 6 * 3600;

/**
 * Runs asynchronous invocations. An event that ends with a function error is retried as often as the
 * function's EventInvokeConfig says: after `retrySeconds`, and then after twice that time. A throttled event
 * is retried until it is too old. When `signal` aborts, no event is retried any more.
 */
export function createEventQueue(
  invoke: Invoke,
  retrySeconds: number,
  log: Log,
  signal: AbortSignal,
): (record: FunctionRecord, event: Event) => void {
  const process = async (record: FunctionRecord, event: Event) => {
    const began = Date.now();
    let retries = 0;
    let patience = THROTTLED;
    const retry = async (wait: number) => {
      const age = record.eventConfig?.maximumEventAge ?? DEFAULT_AGE;
      if (Date.now() + wait - began > age * 1000) throw new Error('The event is too old');
      await delay(wait, undefined, { signal });
    };
    for (;;) {
      try {
        const { outcome } = await invoke(record, { ...event, sink: nullSink });
        if (outcome.ok) return;
        if (retries >= (record.eventConfig?.maximumRetryAttempts ?? DEFAULT_RETRIES)) {
          throw new Error(`Given up after ${retries} retries: ${outcome.body}`);
        }
      } catch (error) {
        if (!(error instanceof LambdaError && error.status === 429)) throw error;
        await retry(patience);
        patience = Math.min(patience * 2, LONGEST_THROTTLED);
        continue;
      }
      retries++;
      await retry(retries * retrySeconds * 1000);
    }
  };

  return (record, event) => {
    if (record.queued >= MOST_QUEUED) throw tooManyRequests('CallerRateLimitExceeded');
    record.queued++;
    process(record, event)
      .catch((error: unknown) => {
        const fields = { function: record.config.name, requestId: event.requestId, reason: messageOf(error) };
        if (!signal.aborted) log.warn('an asynchronous invocation failed', fields);
      })
      .finally(() => {
        record.queued--;
      });
  };
}
