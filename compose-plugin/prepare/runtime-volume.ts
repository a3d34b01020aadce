import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { askEngine } from '../engine/api.ts';
import { type Docker, docker, dockerOutput, engineError } from '../engine/docker.ts';

const LABEL = 'io.boxer.runtime';
const DAY = 86_400_000;

/**
 * Makes the volume with the runtime if it does not exist. The engine fills an empty named volume from the
 * image of the first container that mounts it, so a container is created for that and thrown away.
 */
export async function makeRuntimeVolume(engine: Docker, name: string, image: string): Promise<void> {
  if (await hasVolume(engine, name)) return;
  await dockerOutput(engine, ['volume', 'create', '--label', `${LABEL}=${image}`, name]);
  const id = await dockerOutput(engine, ['create', '--volume', `${name}:/opt/boxer`, image]);
  const removed = await docker(engine, ['rm', id.trim()]);
  if (removed.code !== 0) throw new BoxerError('ENGINE', `docker rm: ${removed.stderr.trim()}`);
  await removeOldVolumes(engine, name);
}

async function hasVolume(engine: Docker, name: string): Promise<boolean> {
  const asked = await askEngine(engine, [`/volumes/${name}`]);
  if (asked) return asked[0] !== undefined;
  const { code, stderr } = await docker(engine, ['volume', 'inspect', name]);
  if (code !== 0 && !/no such volume/i.test(stderr)) throw engineError(['volume', 'inspect'], stderr);
  return code === 0;
}

/**
 * Removes runtime volumes that are at least a day old. A younger one may belong to a project that is
 * starting.
 */
async function removeOldVolumes(engine: Docker, keep: string): Promise<void> {
  const listed = await dockerOutput(engine, ['volume', 'ls', '--quiet', '--filter', `label=${LABEL}`]);
  const names = listed.split('\n').filter((name) => name !== '' && name !== keep);
  if (names.length === 0) return;
  const { stdout } = await docker(engine, [
    'volume',
    'inspect',
    '--format',
    '{{.Name}} {{.CreatedAt}}',
    ...names,
  ]);
  for (const line of stdout.split('\n')) {
    const [name, created] = line.split(' ');
    // The engine refuses to remove a volume that is in use.
    if (name && created && Date.now() - Date.parse(created) > DAY)
      await docker(engine, ['volume', 'rm', name]);
  }
}
