import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { docker } from '../../engine/docker.ts';
import { inspectImages } from '../../engine/images.ts';
import { atLeast } from '../../engine/versions.ts';
import { MINIMUM_COMPOSE } from '../../prepare/compose-version.ts';
import { ownImages } from '../../project/own-images.ts';
import type { Check } from '../../report/check.ts';
import type { Context } from '../context.ts';
import { abilityChecks } from './ability-checks.ts';
import { engineKind } from './engine-kind.ts';

const BOOTSTRAP = 'Run script/bootstrap in the folder of Boxer, against the same engine.';

/** Checks the engine, docker's other plugins, and Boxer's images in the engine. */
export async function engineChecks(context: Context): Promise<Check[]> {
  const { engine } = context;
  const [server, kind, compose, buildx] = await Promise.all([
    docker(engine, ['version', '--format', '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}']),
    engineKind(engine),
    docker(engine, ['compose', 'version', '--short']),
    docker(engine, ['buildx', 'version']),
  ]);
  const words = ({ stdout, stderr }: { stdout: string; stderr: string }) => (stdout || stderr).trim();
  return [
    {
      name: 'Docker Engine >= 20.10',
      ok: server.code === 0 && atLeast(server.stdout, '20.10'),
      found: [words(server), ...kind].join(', '),
      advice: 'Start Docker, or choose an engine with --context.',
    },
    {
      name: `Docker Compose >= ${MINIMUM_COMPOSE}`,
      ok: compose.code === 0 && atLeast(compose.stdout, MINIMUM_COMPOSE),
      found: words(compose),
      advice: `Install version ${MINIMUM_COMPOSE} or later of the Compose plugin.`,
    },
    {
      name: 'buildx',
      ok: buildx.code === 0,
      found: words(buildx),
      advice: 'Install the buildx plugin of docker.',
    },
    ...(await imageChecks(context)),
    ...(await abilityChecks(context)),
  ];
}

async function imageChecks({ engine, root }: Context): Promise<Check[]> {
  try {
    const own = ownImages(root);
    const tags = [own.runtime, own.lambdaLocal ?? 'boxer/lambda-local'];
    const found = await inspectImages(engine, tags);
    return tags.map((tag, index) => ({
      name: index === 0 ? 'runtime image' : 'local Lambda image',
      ok: found.has(tag),
      found: found.has(tag) ? tag : `${tag} is not in the engine`,
      advice: BOOTSTRAP,
    }));
  } catch (error) {
    if (!(error instanceof BoxerError)) throw error;
    return [{ name: "Boxer's images", ok: false, found: error.message, advice: error.hint ?? BOOTSTRAP }];
  }
}
