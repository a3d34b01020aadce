import type { ProviderName } from '../compose/provider-names.ts';
import { aws } from './aws.ts';
import { local } from './local.ts';
import type { Provider } from './provider.ts';

/** The provider of every name. */
const byName: Readonly<Record<ProviderName, Provider>> = {
  local,
  aws,
};

export const providerOf = (name: ProviderName): Provider => byName[name];

export const providers: readonly Provider[] = Object.values(byName);
