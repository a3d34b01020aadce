import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { attach } from '../../engine/attached.ts';
import { type Docker, docker } from '../../engine/docker.ts';
import { inspectImages } from '../../engine/images.ts';
import { megabytesOf } from '../cost/show.ts';

/** The largest unpacked image that Lambda accepts. */
const MAX_IMAGE_BYTES = 10 * 2 ** 30;

/** @throws BoxerError IMAGE_TOO_LARGE */
export function checkSize(service: string, bytes: number): void {
  if (bytes <= MAX_IMAGE_BYTES) return;
  throw new BoxerError(
    'IMAGE_TOO_LARGE',
    `service "${service}": its image with the runtime takes ${megabytesOf(bytes)} unpacked, and ` +
      `Lambda takes at most 10 GB`,
    { hint: 'Make the image smaller, or leave the service in a container.' },
  );
}

/**
 * Pushes an image of this engine. Layers that the repository has are not sent again, so a repeated push
 * resumes.
 * @param engine logged in to the registry
 * @returns the digest that the registry gave it
 * @throws BoxerError PUSH, IMAGE_TOO_LARGE
 */
export async function pushImage(
  engine: Docker,
  service: string,
  image: string,
  repositoryUri: string,
  tag: string,
): Promise<string> {
  const facts = (await inspectImages(engine, [image])).get(image);
  checkSize(service, facts?.size ?? 0);
  const target = `${repositoryUri}:${tag}`;
  const tagged = await docker(engine, ['image', 'tag', image, target]);
  if (tagged.code !== 0) throw new BoxerError('PUSH', `docker image tag: ${tagged.stderr.trim()}`);
  await push(engine, service, target);
  return await digestOf(engine, repositoryUri, target);
}

/** On a terminal docker shows the progress of each layer; elsewhere only errors are shown. */
async function push(engine: Docker, service: string, target: string): Promise<void> {
  const failed = (words: string) =>
    new BoxerError('PUSH', `service "${service}": pushing ${target} failed${words}`, {
      hint: 'Run the command again: layers that have arrived are not sent a second time.',
    });
  if (process.stderr.isTTY) {
    const code = await attach(engine, ['push', target], { stdoutToStderr: true });
    if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
    if (code !== 0) throw failed('');
    return;
  }
  const { code, stderr } = await docker(engine, ['push', '--quiet', target]);
  if (code !== 0) throw failed(`: ${stderr.trim().split('\n').at(-1)}`);
}

async function digestOf(engine: Docker, repositoryUri: string, target: string): Promise<string> {
  const { stdout } = await docker(engine, [
    'image',
    'inspect',
    '--format',
    '{{join .RepoDigests "\\n"}}',
    target,
  ]);
  const found = stdout.split('\n').findLast((line) => line.startsWith(`${repositoryUri}@sha256:`));
  if (found === undefined)
    throw new BoxerError('PUSH', `${target} was pushed, and the engine does not know its digest`);
  return found.slice(found.indexOf('@') + 1);
}
