import { DEFAULT_PROVIDER } from '../compose/provider-names.ts';
import { LOCAL_REGION } from '../local/access.ts';
import type { Phantom } from '../project/phantoms.ts';
import type { Provider } from './provider.ts';
import { providerOf, providers } from './providers.ts';

/**
 * The provider and region of the functions that run now, told by their phantoms and not by the compose file.
 */
export function standingProvider([phantom]: readonly Phantom[]): { provider: Provider; region: string } {
  const provider = phantom && providers.find(({ isProviderOf }) => isProviderOf(phantom.twin));
  if (phantom === undefined || provider === undefined)
    return { provider: providerOf(DEFAULT_PROVIDER), region: LOCAL_REGION };
  return { provider, region: phantom.twin.region };
}
