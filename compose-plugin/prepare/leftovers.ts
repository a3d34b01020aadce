import { OWN_NETWORK, STORE_VOLUME } from '../compose/own-names.ts';
import { type Docker, docker, dockerOutput } from '../engine/docker.ts';

const KINDS = [
  { list: ['ps', '--all', '--quiet'], remove: ['rm', '--force', '--volumes'] },
  { list: ['network', 'ls', '--quiet'], remove: ['network', 'rm'] },
  { list: ['volume', 'ls', '--quiet'], remove: ['volume', 'rm', '--force'] },
] as const;

/**
 * Removes what a killed local Lambda of a project left on the engine, such as functions.
 * @returns how many things were removed
 */
export async function removeLeftovers(engine: Docker, project: string): Promise<number> {
  let removed = 0;
  for (const { list, remove } of KINDS) {
    const listed = await dockerOutput(engine, [
      ...list,
      '--filter',
      `label=lambda-local.instance=${project}`,
    ]);
    const ids = listed.split('\n').filter((id) => id !== '');
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
  if (id !== '') await docker(engine, ['volume', 'rm', '--force', id]);
}

/** Removes Boxer's network if no container is attached to it. */
export async function removeNetwork(engine: Docker, project: string): Promise<void> {
  const id = await labelled(engine, 'network', project, OWN_NETWORK);
  if (id !== '') await docker(engine, ['network', 'rm', id]);
}

/** The id of a network or volume of the project by its name in the model; '' if it does not exist. */
async function labelled(
  engine: Docker,
  kind: 'network' | 'volume',
  project: string,
  name: string,
): Promise<string> {
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.${kind}=${name}`];
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  return (await dockerOutput(engine, [kind, 'ls', '--quiet', ...filters])).trim();
}
