import { createContainer, removeContainer } from '../engine/containers.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { GATE_DIRECTORY, INSTANCE_LABEL } from './sandbox-spec.ts';

/**
 * A named volume with the gate's program. Sandboxes of any image mount it, even of an image `FROM scratch`.
 */
export interface GateVolume {
  readonly name: string;
  remove(): Promise<void>;
}

/**
 * Makes the volume. The Engine fills an empty volume with the content that the image of the first container
 * has at the mount's path. This container has this Lambda's own image, and never runs. The image is the first
 * of `images` that the Engine still has: a name or id of the image of a running container may be gone.
 */
export async function createGateVolume(
  engine: Engine,
  images: readonly string[],
  instance: string,
): Promise<GateVolume> {
  const name = `lambda-local-gate-${instance}`;
  const labels = { [INSTANCE_LABEL]: instance };
  await engine.call('POST', '/volumes/create', { Name: name, Labels: labels });
  const fill = (image: string) =>
    createContainer(engine, `${name}-filler`, {
      Image: image,
      Labels: labels,
      HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: name, Target: GATE_DIRECTORY }] },
    });
  await removeContainer(engine, await firstThere(images, fill));
  return {
    name,
    remove: async () => {
      await engine.call('DELETE', `/volumes/${name}`);
    },
  };
}

async function firstThere(
  images: readonly string[],
  fill: (image: string) => Promise<string>,
): Promise<string> {
  const [image = '', ...others] = images;
  try {
    return await fill(image);
  } catch (error) {
    if (others.length === 0 || !(error instanceof EngineError && error.status === 404)) throw error;
    return firstThere(others, fill);
  }
}
