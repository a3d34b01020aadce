import { isDeepStrictEqual } from 'node:util';
import { ownContainerId } from '../identity/own-container.ts';
import type { Twin } from '../launches/invocation/lambda-client.ts';
import { type ContainerImage, lambdaImages } from '../launches/invocation/lambda-images.ts';
import { BoxerError } from '../published/boxer-error.ts';
import type { ImageSettings, NodeConfig, TwinOrigin } from '../published/node-config.ts';
import { functionName, twinLabels, twinTag } from '../published/twin-names.ts';

/**
 * The twin of the image that this very container was made from. Plain Compose builds and pulls images without Boxer, and starts
 * containers of them with the override of the last `up`: a twin for the new image is made then. Where the provider cannot tell, it is
 * the twin of the configuration.
 * @throws BoxerError STALE if the override itself says what is no longer true of the image
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

/** What the rewrite took out of the image stands in the override, and only the plugin can write that. */
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
    `the image of service ${service} has another ${names} than when it was boxed, and is not started with the old one`,
    { hint: 'Run `docker boxer up -d`.' },
  );
}
