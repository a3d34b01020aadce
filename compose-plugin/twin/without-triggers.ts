import { type Docker, docker, dockerOutput } from '../engine/docker.ts';

/**
 * Calls `use` with an image that is `image` without its ONBUILD triggers: those are meant for what its users build
 * from it, and a build from it cannot leave them out. A container of it, which never runs, can be made an image without them.
 */
export async function withoutTriggers(
  engine: Docker,
  image: string,
  platform: string,
  tag: string,
  use: (image: string) => Promise<void>,
): Promise<void> {
  // The command replaces one that the image need not have; the twin forgets it.
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
