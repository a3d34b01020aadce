import { invalidParameter } from '../base/lambda-error.ts';
import { type ApiContext, recordOf } from './api-context.ts';
import type { Handler } from './call.ts';
import { describe } from './describe.ts';

export const getFunction =
  (context: ApiContext): Handler =>
  async (call) => {
    const record = recordOf(context, call);
    const { imageUri, image } = record.config;
    return {
      status: 200,
      body: {
        Configuration: describe(context.home, record),
        Code: { RepositoryType: 'ECR', ImageUri: imageUri, ResolvedImageUri: image.resolvedUri },
        Tags: record.tags,
        ...(record.reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: record.reservedConcurrency },
        }),
      },
    };
  };

export const getFunctionConfiguration =
  (context: ApiContext): Handler =>
  async (call) => ({ status: 200, body: describe(context.home, recordOf(context, call)) });

export const deleteFunction =
  (context: ApiContext): Handler =>
  async (call) => {
    await context.functions.delete(recordOf(context, call));
    return { status: 204 };
  };

const LARGEST_PAGE = 50;

/** Lists functions by name, in pages of at most 50. The marker is the last name of the previous page. */
export const listFunctions =
  (context: ApiContext): Handler =>
  async (call) => {
    const wanted = Number(call.query.get('MaxItems') ?? LARGEST_PAGE);
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > 10_000) {
      throw invalidParameter("1 validation error detected: Value at 'maxItems' must be between 1 and 10000");
    }
    const size = Math.min(wanted, LARGEST_PAGE);
    const after = call.query.get('Marker') ?? '';
    const rest = context.functions.list().filter(({ config }) => config.name > after);
    const page = rest.slice(0, size);
    const marker = rest.length > size ? page.at(-1)?.config.name : undefined;
    return {
      status: 200,
      body: { Functions: page.map((record) => describe(context.home, record)), NextMarker: marker ?? null },
    };
  };

/** Not part of AWS's API: the usage of the functions, in the units of AWS's bill. */
export const getBilling =
  (context: ApiContext): Handler =>
  async () => ({ status: 200, body: { functions: Object.fromEntries(context.functions.usage()) } });
