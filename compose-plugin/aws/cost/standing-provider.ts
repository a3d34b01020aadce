import { CONFIG_VARIABLE, nodeConfig } from '../../../supervisor/published/node-config.ts';
import { containerIds } from '../../engine/containers.ts';
import { type Docker, docker } from '../../engine/docker.ts';
import { localAccess } from '../../local/access.ts';

/**
 * The provider and region of the functions that run now, read from a phantom and not from the compose file.
 */
export async function standingProvider(
  engine: Docker,
  project: string,
): Promise<{ provider: 'local' | 'aws'; region: string }> {
  const [phantom] = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.target=lambda',
  );
  const nothing = { provider: 'local', region: localAccess(undefined).region } as const;
  if (phantom === undefined) return nothing;
  const { stdout } = await docker(engine, [
    'container',
    'inspect',
    '--format',
    '{{json .Config.Env}}',
    phantom,
  ]);
  const variables: unknown = JSON.parse(stdout.trim() || '[]');
  const prefix = `${CONFIG_VARIABLE}=`;
  const own = Array.isArray(variables)
    ? variables.find((one): one is string => typeof one === 'string' && one.startsWith(prefix))
    : undefined;
  const twin =
    own === undefined ? undefined : nodeConfig.safeParse(JSON.parse(own.slice(prefix.length))).data?.twin;
  if (twin === undefined) return nothing;
  return { provider: twin.createIfMissing ? 'local' : 'aws', region: twin.region };
}
