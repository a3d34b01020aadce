import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { type Docker, docker, dockerOutput, engineError } from '../engine/docker.ts';

/**
 * Makes the volume with the runtime if it is not there. The engine fills an empty named volume from the image of
 * the first container that mounts it, so a container is created for that and thrown away.
 */
export async function makeRuntimeVolume(engine: Docker, name: string, image: string): Promise<void> {
  const found = await docker(engine, ['volume', 'inspect', name]);
  if (found.code === 0) return;
  if (!/no such volume/i.test(found.stderr)) throw engineError(['volume', 'inspect'], found.stderr);
  const id = await dockerOutput(engine, ['create', '--volume', `${name}:/opt/boxer`, image]);
  const removed = await docker(engine, ['rm', id.trim()]);
  if (removed.code !== 0) throw new BoxerError('ENGINE', `docker rm: ${removed.stderr.trim()}`);
}
