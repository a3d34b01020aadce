import { isDeepStrictEqual } from 'node:util';
import { ownContainerId } from '../identity/own-container.ts';
import type { Twin } from '../launches/invocation/lambda-client.ts';
import { type ContainerImage, lambdaImages } from '../launches/invocation/lambda-images.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { ImageSettings, NodeConfig, TwinOrigin } from '../published/node-config.ts';
import { functionName, twinLabels, twinTag } from '../published/twin-names.ts';

/**
 * The twin of the image from which this container was made. Plain Compose can build or pull a new image and
 * start containers of it with the override of the last `up`; a twin of the new image is then made. If the
 * provider does not tell the container's image, the result is the twin of the configuration.
 * @throws BoxerError STALE if the override contains image settings that the new image has changed
 */
export async function twinOf(
  { project, service, twin }: NodeConfig,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Twin> {
  if (!twin) throw new BoxerError('CONFIG', `service ${service} has no twin in its configuration`);
  const { origin, endpoint } = twin;
  const container = ownContainerId();
  if (!origin || !endpoint || container === '') return twin;
  const images = lambdaImages(endpoint, signal);
  const image = await images.ofContainer(container);
  if (image.Id === origin.image) return twin;
  refuseChanged(service, origin, image);
  const imageUri = twinTag(project, service, image.Id, origin.runtimeId);
  say(
    `this container was made from a newer image than the last \`docker boxer up\` saw: using the twin ${imageUri}`,
  );
  await images.derive({
    Base: image.Id,
    Layer: { ImageUri: origin.runtime, Path: '/opt/boxer' },
    EntryPoint: ['/opt/boxer/bin/boxer'],
    Labels: twinLabels(project, service),
    ImageUri: imageUri,
  });
  return { ...twin, imageUri, functionName: functionName(project, service, { ...twin, imageUri }) };
}

const INSTRUCTIONS = {
  entrypoint: 'ENTRYPOINT',
  command: 'CMD',
  volumes: 'VOLUME',
  stopSignal: 'STOPSIGNAL',
} as const satisfies Record<keyof ImageSettings, string>;

/**
 * Throws STALE if image settings that the override contains have changed: only the plugin can write the
 * override.
 */
function refuseChanged(service: string, { settings }: TwinOrigin, image: ContainerImage): void {
  const { EntryPoint: entrypoint, Command: command, Volumes: volumes, StopSignal: stopSignal } = image;
  const now = { entrypoint, command, volumes, stopSignal };
  const changed = (['entrypoint', 'command', 'volumes', 'stopSignal'] as const).filter(
    (key) => settings[key] !== undefined && !isDeepStrictEqual(settings[key], now[key]),
  );
  if (changed.length === 0) return;
  const names = changed.map((key) => INSTRUCTIONS[key]).join(', ');
  throw new BoxerError(
    'STALE',
    `the image of service ${service} has another ${names} than when it was boxed, so it is not started`,
    { hint: 'Run `docker boxer up -d`.' },
  );
}
