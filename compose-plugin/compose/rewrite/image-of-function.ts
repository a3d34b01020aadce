import type { Service } from '../model.ts';
import { overriding } from './tags.ts';

const COMMAND = 'docker boxer up -d --build';

/**
 * For functions that only the plugin can bring up to date, as on AWS: plain Compose would build or pull an image for the container that
 * stays behind, and the function would go on with the old code. A build fails with what to run instead; nothing is pulled.
 */
export function imageByPluginOnly(service: Service): Record<string, unknown> {
  const says = `${COMMAND} is what builds here: the function on AWS is made of the image, too, and plain Compose cannot make it`;
  return {
    pull_policy: 'never',
    ...(service.build === undefined || service.build === null
      ? {}
      : { build: overriding({ context: '.', dockerfile_inline: `${says}\n` }) }),
  };
}
