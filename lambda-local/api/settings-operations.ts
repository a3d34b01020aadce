import { invalidParameter, notFound } from '../base/lambda-error.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import { type ApiContext, recordOf } from './api-context.ts';
import { type Handler, inputOf } from './call.ts';
import { describeEventConfig } from './describe.ts';
import { concurrencyInput, eventConfigInput, tagsInput } from './schema.ts';

/** The concurrency that AWS always keeps for functions without reserved concurrency. */
const LEAST_UNRESERVED = 100;

export const putFunctionConcurrency =
  (context: ApiContext): Handler =>
  async (call) => {
    const { ReservedConcurrentExecutions } = await inputOf(call, concurrencyInput);
    const record = recordOf(context, call);
    const others = context.functions.reserved() - (record.reservedConcurrency ?? 0);
    const least = Math.min(LEAST_UNRESERVED, context.concurrency);
    if (context.concurrency - others - ReservedConcurrentExecutions < least) {
      throw invalidParameter(
        "Specified ReservedConcurrentExecutions for function decreases account's " +
          `UnreservedConcurrentExecution below its minimum value of [${least}].`,
      );
    }
    record.reservedConcurrency = ReservedConcurrentExecutions;
    return { status: 200, body: { ReservedConcurrentExecutions } };
  };

export const getFunctionConcurrency =
  (context: ApiContext): Handler =>
  async (call) => {
    const { reservedConcurrency } = recordOf(context, call);
    return { status: 200, body: { ReservedConcurrentExecutions: reservedConcurrency } };
  };

export const deleteFunctionConcurrency =
  (context: ApiContext): Handler =>
  async (call) => {
    recordOf(context, call).reservedConcurrency = undefined;
    return { status: 204 };
  };

/**
 * Sets an EventInvokeConfig. Members that the request does not contain get the values of `keep(record)`: POST
 * keeps the previous values, and PUT does not.
 */
const setEventConfig =
  (context: ApiContext, keep: (record: FunctionRecord) => FunctionRecord['eventConfig']): Handler =>
  async (call) => {
    const input = await inputOf(call, eventConfigInput);
    const record = recordOf(context, call);
    record.eventConfig = {
      maximumRetryAttempts: input.MaximumRetryAttempts ?? keep(record)?.maximumRetryAttempts,
      maximumEventAge: input.MaximumEventAgeInSeconds ?? keep(record)?.maximumEventAge,
      lastModified: new Date(),
    };
    return { status: 200, body: describeEventConfig(context.home, record) };
  };

export const putEventInvokeConfig = (context: ApiContext): Handler =>
  setEventConfig(context, () => undefined);
export const updateEventInvokeConfig = (context: ApiContext): Handler =>
  setEventConfig(context, (record) => record.eventConfig);

export const getEventInvokeConfig =
  (context: ApiContext): Handler =>
  async (call) => {
    const record = recordOf(context, call);
    if (record.eventConfig === undefined) {
      throw notFound(`The function ${record.config.name} doesn't have an EventInvokeConfig`);
    }
    return { status: 200, body: describeEventConfig(context.home, record) };
  };

export const deleteEventInvokeConfig =
  (context: ApiContext): Handler =>
  async (call) => {
    recordOf(context, call).eventConfig = undefined;
    return { status: 204 };
  };

export const listTags =
  (context: ApiContext): Handler =>
  async (call) => ({ status: 200, body: { Tags: recordOf(context, call).tags } });

export const tagResource =
  (context: ApiContext): Handler =>
  async (call) => {
    const { Tags } = await inputOf(call, tagsInput);
    const record = recordOf(context, call);
    record.tags = { ...record.tags, ...Tags };
    return { status: 204 };
  };

export const getAccountSettings =
  (context: ApiContext): Handler =>
  async () => ({
    status: 200,
    body: {
      AccountLimit: {
        ConcurrentExecutions: context.concurrency,
        UnreservedConcurrentExecutions: context.concurrency - context.functions.reserved(),
      },
      AccountUsage: { FunctionCount: context.functions.list().length },
    },
  });
