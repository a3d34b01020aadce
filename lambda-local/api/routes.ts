import type { ApiContext } from './api-context.ts';
import type { Handler } from './call.ts';
import { createFunction } from './create-function.ts';
import { deriveImage, getContainerImage } from './image-operations.ts';
import { invokeFunction, invokeWithResponseStream } from './invocations.ts';
import * as read from './read-functions.ts';
import * as settings from './settings-operations.ts';
import { updateFunctionCode, updateFunctionConfiguration } from './update-function.ts';

/** Method, path and operation. `*` stands for the percent-encoded name of a resource. */
type Route = readonly [string, string, (context: ApiContext) => Handler];

const ROUTES: readonly Route[] = [
  ['POST', '/2015-03-31/functions', createFunction],
  ['GET', '/2015-03-31/functions', read.listFunctions],
  ['GET', '/2015-03-31/functions/*', read.getFunction],
  ['DELETE', '/2015-03-31/functions/*', read.deleteFunction],
  ['GET', '/2015-03-31/functions/*/configuration', read.getFunctionConfiguration],
  ['PUT', '/2015-03-31/functions/*/configuration', updateFunctionConfiguration],
  ['PUT', '/2015-03-31/functions/*/code', updateFunctionCode],
  ['POST', '/2015-03-31/functions/*/invocations', invokeFunction],
  ['POST', '/2021-11-15/functions/*/response-streaming-invocations', invokeWithResponseStream],
  ['PUT', '/2017-10-31/functions/*/concurrency', settings.putFunctionConcurrency],
  ['DELETE', '/2017-10-31/functions/*/concurrency', settings.deleteFunctionConcurrency],
  ['GET', '/2019-09-30/functions/*/concurrency', settings.getFunctionConcurrency],
  ['PUT', '/2019-09-25/functions/*/event-invoke-config', settings.putEventInvokeConfig],
  ['POST', '/2019-09-25/functions/*/event-invoke-config', settings.updateEventInvokeConfig],
  ['GET', '/2019-09-25/functions/*/event-invoke-config', settings.getEventInvokeConfig],
  ['DELETE', '/2019-09-25/functions/*/event-invoke-config', settings.deleteEventInvokeConfig],
  ['GET', '/2017-03-31/tags/*', settings.listTags],
  ['POST', '/2017-03-31/tags/*', settings.tagResource],
  ['GET', '/2016-08-19/account-settings', settings.getAccountSettings],
  ['GET', '/2021-local/billing', read.getBilling],
  ['GET', '/2021-local/containers/*/image', getContainerImage],
  ['POST', '/2021-local/images', deriveImage],
];

export interface Routed {
  readonly handler: Handler;
  readonly resource: string;
}

/**
 * Finds the operation for a request; undefined if there is none. Throws URIError for an invalid
 * percent-encoding.
 */
export type Router = (method: string, path: string) => Routed | undefined;

export function createRouter(context: ApiContext): Router {
  const table = ROUTES.map(([method, path, operation]) => ({
    method,
    pattern: new RegExp(`^${path.replace('*', '([^/]+)')}/?$`),
    handler: operation(context),
  }));
  return (method, path) => {
    for (const route of table) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match !== null) return { handler: route.handler, resource: decodeURIComponent(match[1] ?? '') };
    }
    return undefined;
  };
}
