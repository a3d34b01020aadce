import { DEFAULT_PROVIDER } from '../compose/provider-names.ts';
import type { Docker } from '../engine/docker.ts';
import { LOCAL_REGION } from '../local/access.ts';
import { readPhantoms } from '../project/phantoms.ts';
import type { Provider } from './provider.ts';
import { providerOf, providers } from './providers.ts';

/**
 * The provider and region of the functions that run now, read from a phantom and not from the compose file.
 */
export async function standingProvider(
  engine: Docker,
  project: string,
): Promise<{ provider: Provider; region: string }> {
  const [phantom] = await readPhantoms(engine, project);
  const provider = phantom && providers.find(({ isProviderOf }) => isProviderOf(phantom.twin));
  if (phantom === undefined || provider === undefined)
    return { provider: providerOf(DEFAULT_PROVIDER), region: LOCAL_REGION };
  return { provider, region: phantom.twin.region };
}
