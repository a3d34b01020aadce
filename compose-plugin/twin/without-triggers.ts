import { type Docker, docker, dockerOutput } from '../engine/docker.ts';

/**
 * Calls `use` with a copy of `image` without its ONBUILD triggers, which every build from `image` would run.
 * The copy is committed from a container that never runs.
 */
export async function withoutTriggers(
  engine: Docker,
  image: string,
  platform: string,
  tag: string,
  use: (image: string) => Promise<void>,
): Promise<void> {
  // The command is for images that have none; the twin does not keep it.
  const created = await dockerOutput(engine, ['create', '--platform', platform, image, 'true']);
  const container = created.trim();
  try {
    await dockerOutput(engine, ['commit', '--pause=false', container, tag]);
  } finally {
    await docker(engine, ['rm', '--volumes', container]);
  }
  try {
    await use(tag);
  } finally {
    await docker(engine, ['image', 'rm', tag]);
  }
}
