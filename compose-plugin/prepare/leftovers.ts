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
  return removed;
}
