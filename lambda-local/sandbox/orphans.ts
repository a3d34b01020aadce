import { listContainers, removeContainer } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { INSTANCE_LABEL } from './sandbox-spec.ts';

/** Removes every sandbox of this instance, such as those that a killed predecessor left behind. */
export async function removeSandboxesOf(engine: Engine, instance: string): Promise<void> {
  const left = await listContainers(engine, `${INSTANCE_LABEL}=${instance}`);
  await Promise.all(left.map((each) => removeContainer(engine, each.Id)));
}
