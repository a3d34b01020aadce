import { OWN_NETWORK, STORE_VOLUME } from '../compose/own-names.ts';
import { type Docker, docker } from '../engine/docker.ts';
import { idsOf } from '../engine/ids.ts';

/** What a local Lambda makes, in the order in which it can be removed. */
const KINDS = [
  { kind: 'container', remove: ['rm', '--force', '--volumes'] },
  { kind: 'network', remove: ['network', 'rm'] },
  { kind: 'volume', remove: ['volume', 'rm', '--force'] },
] as const;

/**
 * Removes what a killed local Lambda of a project left on the engine, such as functions.
 * @returns how many things were removed
 */
export async function removeLeftovers(engine: Docker, project: string): Promise<number> {
  let removed = 0;
  for (const { kind, remove } of KINDS) {
    const ids = await idsOf(engine, kind, `label=lambda-local.instance=${project}`);
    if (ids.length === 0) continue;
    await docker(engine, [...remove, ...ids]);
    removed += ids.length;
  }
  // Compose could not remove the network while a leftover was attached to it.
  if (removed > 0) await removeNetwork(engine, project);
  return removed;
}

/**
 * Removes the volume with the seed's state. Compose keeps named volumes, but the nodes of this state no
 * longer exist.
 */
export async function removeStore(engine: Docker, project: string): Promise<void> {
  const id = await labelled(engine, 'volume', project, STORE_VOLUME);
  if (id !== undefined) await docker(engine, ['volume', 'rm', '--force', id]);
}

/** Removes Boxer's network if no container is attached to it. */
export async function removeNetwork(engine: Docker, project: string): Promise<void> {
  const id = await labelled(engine, 'network', project, OWN_NETWORK);
  if (id !== undefined) await docker(engine, ['network', 'rm', id]);
}

/** The id of a network or volume of the project by its name in the model. */
async function labelled(
  engine: Docker,
  kind: 'network' | 'volume',
  project: string,
  name: string,
): Promise<string | undefined> {
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.${kind}=${name}`];
  const [id] = await idsOf(engine, kind, ...labels.map((label) => `label=${label}`));
  return id;
}
