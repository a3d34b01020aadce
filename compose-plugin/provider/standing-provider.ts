import { CONFIG_VARIABLE, nodeConfig } from '../../supervisor/published/node-config.ts';
import { DEFAULT_PROVIDER } from '../compose/provider-names.ts';
import { containerIds } from '../engine/containers.ts';
import { type Docker, docker } from '../engine/docker.ts';
import { LOCAL_REGION } from '../local/access.ts';
import type { Provider } from './provider.ts';
import { providerOf, providers } from './providers.ts';

/**
 * The provider and region of the functions that run now, read from a phantom and not from the compose file.
 */
export async function standingProvider(
  engine: Docker,
  project: string,
): Promise<{ provider: Provider; region: string }> {
  const [phantom] = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.target=lambda',
  );
  const nothing = { provider: providerOf(DEFAULT_PROVIDER), region: LOCAL_REGION };
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
  const provider = twin && providers.find(({ isProviderOf }) => isProviderOf(twin));
  return twin === undefined || provider === undefined ? nothing : { provider, region: twin.region };
}
