import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { TWIN_PROJECT, TWINS, twinLabels } from '../../supervisor/published/twin-names.ts';
import { type Docker, docker, dockerOutput } from '../engine/docker.ts';
import { twinDockerfile } from './dockerfile.ts';
import { ecrRepository } from './names.ts';
import { withoutTriggers } from './without-triggers.ts';

/** A twin image to build. */
export interface WantedTwin {
  project: string;
  service: string;
  image: string;
  tag: string;
  /** Docker's name of the architecture: `amd64`, `arm64`. */
  architecture: string;
  /** Whether the image has ONBUILD triggers. */
  triggers: boolean;
}

/**
 * Builds a twin with the engine's BuildKit, the only builder that sees images which are in no registry.
 * @throws BoxerError TWIN with the end of the build's output
 */
export async function buildTwin(engine: Docker, twin: WantedTwin, runtime: string): Promise<void> {
  if (!twin.triggers) return buildFrom(engine, twin, runtime, twin.image);
  const platform = `linux/${twin.architecture}`;
  await withoutTriggers(engine, twin.image, platform, `${twin.tag}-plain`, (image) =>
    buildFrom(engine, twin, runtime, image),
  );
}

async function buildFrom(engine: Docker, twin: WantedTwin, runtime: string, image: string): Promise<void> {
  const { code, stderr } = await docker(
    engine,
    [
      ...['buildx', 'build', '--builder', engine.context ?? 'default', '--load', '--provenance=false'],
      ...['--platform', `linux/${twin.architecture}`],
      ...Object.entries(twinLabels(twin.project, twin.service)).flatMap(([key, value]) => [
        '--label',
        `${key}=${value}`,
      ]),
      ...['--progress', 'plain', '--tag', twin.tag, '-'],
    ],
    { input: twinDockerfile(image, runtime) },
  );
  if (code === 0) return;
  throw new BoxerError(
    'TWIN',
    `service "${twin.service}": its twin image cannot be built:\n${lastLines(stderr)}`,
    {
      hint:
        `The twin is ${twin.image} plus /opt/boxer of ${runtime}; \`docker boxer doctor\` looks ` +
        `at what the build needs.`,
    },
  );
}

const lastLines = (text: string) => text.trim().split('\n').slice(-10).join('\n');

/**
 * The hash of a twin's tag: `:0123456789ab` on the engine, `:api-0123456789ab` in the provider's repository.
 */
const hashOf = (tag: string) => /[0-9a-f]{12}$/.exec(tag)?.[0] ?? tag;

/**
 * Whether a name of an image is that of a twin. An image can also have names that the local Lambda gives it.
 */
export function isTwinOf(project: string, name: string): boolean {
  const repository = `/${name.slice(0, name.lastIndexOf(':'))}`;
  return repository.startsWith(`/${TWINS}/`) || repository.endsWith(`/${ecrRepository(project)}`);
}

/**
 * Removes the project's twins except those whose tags are in `keep`; tags of the provider's repository end in
 * the same hash. A twin that a sandbox still runs is kept until the next call.
 */
export async function removeTwins(
  engine: Docker,
  project: string,
  keep: readonly string[] = [],
): Promise<void> {
  const listed = await dockerOutput(engine, [
    ...[
      'image',
      'ls',
      '--format',
      '{{.Repository}}:{{.Tag}}',
      '--filter',
      `label=${TWIN_PROJECT}=${project}`,
    ],
  ]);
  const kept = new Set(keep.map(hashOf));
  const old = listed
    .split('\n')
    .filter((tag) => isTwinOf(project, tag) && !tag.includes('<none>') && !kept.has(hashOf(tag)));
  if (old.length > 0) await docker(engine, ['image', 'rm', ...old]);
}
