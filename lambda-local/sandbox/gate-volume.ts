import { createContainer, removeContainer } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { GATE_DIRECTORY, INSTANCE_LABEL } from './sandbox-spec.ts';

/** A named volume with the gate's program, which sandboxes of any image mount, `FROM scratch` included. */
export interface GateVolume {
  readonly name: string;
  remove(): Promise<void>;
}

/**
 * Makes the volume. The Engine fills an empty one with what the image of the first container has at that path:
 * a container of this Lambda's own image (`imageId`), which never runs.
 */
export async function createGateVolume(
  engine: Engine,
  imageId: string,
  instance: string,
): Promise<GateVolume> {
  const name = `lambda-local-gate-${instance}`;
  const labels = { [INSTANCE_LABEL]: instance };
  await engine.call('POST', '/volumes/create', { Name: name, Labels: labels });
  const filler = await createContainer(engine, `${name}-filler`, {
    Image: imageId,
    Labels: labels,
    HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: name, Target: GATE_DIRECTORY }] },
  });
  await removeContainer(engine, filler);
  return {
    name,
    remove: async () => {
      await engine.call('DELETE', `/volumes/${name}`);
    },
  };
}
