import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { TWIN_PROJECT, TWIN_SERVICE, twinLabels } from '../../supervisor/published/twin-names.ts';
import { type Docker, docker, dockerOutput } from '../engine/docker.ts';
import { twinDockerfile } from './dockerfile.ts';
import { withoutTriggers } from './without-triggers.ts';

/** A twin image that shall be there. */
export interface WantedTwin {
  project: string;
  service: string;
  image: string;
  tag: string;
  /** As Docker calls it: `amd64`, `arm64`. */
  architecture: string;
  /** Whether the image has ONBUILD triggers. */
  triggers: boolean;
}

/**
 * Builds a twin with the engine's own BuildKit, the only builder that sees images which are in no registry.
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
      hint: `The twin is ${twin.image} plus /opt/boxer of ${runtime}; \`docker boxer doctor\` looks at what the build needs.`,
    },
  );
}

const lastLines = (text: string) => text.trim().split('\n').slice(-10).join('\n');

/** Removes twins of the project: of one service all but `keep`, or of all services. In use: left alone. */
export async function removeTwins(
  engine: Docker,
  project: string,
  service?: string,
  keep?: string,
): Promise<string[]> {
  const filters = [`label=${TWIN_PROJECT}=${project}`];
  if (service !== undefined) filters.push(`label=${TWIN_SERVICE}=${service}`);
  const listed = await dockerOutput(engine, [
    ...['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'],
    ...filters.flatMap((filter) => ['--filter', filter]),
  ]);
  // In the provider's repository a twin ends in the same hash.
  const kept = keep?.slice(keep.lastIndexOf(':') + 1);
  const old = listed
    .split('\n')
    .filter((tag) => tag !== '' && !tag.includes('<none>') && (kept === undefined || !tag.endsWith(kept)));
  if (old.length > 0) await docker(engine, ['image', 'rm', ...old]);
  return old;
}
