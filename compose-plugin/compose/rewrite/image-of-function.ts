import type { Service } from '../model.ts';
import { overriding } from './tags.ts';

/** A build context that does not exist: with every builder, the error shows this text as the missing path. */
const NO_CONTEXT =
  './use `docker boxer up -d --build`: it also builds the function on AWS, which plain Compose cannot';

/**
 * Keeps plain Compose from building or pulling the image of a function that only the plugin can update, as on
 * AWS: the phantom would get the new image, and the function would keep the old code. A build fails with the
 * command to run instead; nothing is pulled.
 */
export function imageByPluginOnly(service: Service): Record<string, unknown> {
  const isBuilt = service.build !== undefined && service.build !== null;
  return { pull_policy: 'never', ...(isBuilt ? { build: overriding({ context: NO_CONTEXT }) } : {}) };
}
