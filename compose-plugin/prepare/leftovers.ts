import { OWN_NETWORK, STORE_VOLUME } from '../compose/own-names.ts';
import { type Docker, docker, dockerOutput } from '../engine/docker.ts';

const KINDS = [
  { list: ['ps', '--all', '--quiet'], remove: ['rm', '--force', '--volumes'] },
  { list: ['network', 'ls', '--quiet'], remove: ['network', 'rm'] },
  { list: ['volume', 'ls', '--quiet'], remove: ['volume', 'rm', '--force'] },
] as const;

/**
 * Removes what the local Lambda of a project left on the engine: functions outlive it only if it was killed.
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
  // Compose could not, while a leftover was on it.
  if (removed > 0) await removeNetwork(engine, project);
  return removed;
}

/**
 * Removes what the project's seed remembered: Compose keeps named volumes, but there is nothing in this one for anybody else,
 * and the nodes that it speaks of are gone.
 */
export async function removeStore(engine: Docker, project: string): Promise<void> {
  const id = await labelled(engine, 'volume', project, STORE_VOLUME);
  if (id !== '') await docker(engine, ['volume', 'rm', '--force', id]);
}

/** Removes the network that is Boxer's own, if nobody is on it. */
export async function removeNetwork(engine: Docker, project: string): Promise<void> {
  const id = await labelled(engine, 'network', project, OWN_NETWORK);
  if (id !== '') await docker(engine, ['network', 'rm', id]);
}

/** A network or volume of the project by its name in the model; '' where there is none. */
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
