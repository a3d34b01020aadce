import { OWN_NETWORK } from '../compose/own-names.ts';
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
  if (removed > 0) await removeNetwork(engine, project);
  return removed;
}

/** Compose could not remove the network while a leftover was on it. */
async function removeNetwork(engine: Docker, project: string): Promise<void> {
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.network=${OWN_NETWORK}`];
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  const id = (await dockerOutput(engine, ['network', 'ls', '--quiet', ...filters])).trim();
  if (id !== '') await docker(engine, ['network', 'rm', id]);
}
