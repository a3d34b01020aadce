import type { Service } from '../model.ts';
import { overriding } from './tags.ts';

/** No folder: Compose says its name, and that it is not there, with every builder. */
const NO_CONTEXT =
  './use `docker boxer up -d --build`: it also builds the function on AWS, which plain Compose cannot';

/**
 * For functions that only the plugin can bring up to date, as on AWS: plain Compose would build or pull an image for the container that
 * stays behind, and the function would go on with the old code. A build fails with what to run instead; nothing is pulled.
 */
export function imageByPluginOnly(service: Service): Record<string, unknown> {
  const isBuilt = service.build !== undefined && service.build !== null;
  return { pull_policy: 'never', ...(isBuilt ? { build: overriding({ context: NO_CONTEXT }) } : {}) };
}
