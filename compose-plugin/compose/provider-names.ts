/**
 * Every provider by its name in `x-boxer` and `--provider`; `compose-plugin/provider/` has what each one
 * does.
 */
export const providerNames = ['local', 'aws'] as const;

export type ProviderName = (typeof providerNames)[number];

/** The provider of a project that names none. */
export const DEFAULT_PROVIDER: ProviderName = 'local';

/** The names for messages and help. */
export const namesInWords = providerNames.join(' or ');

export const isProviderName = (text: string): text is ProviderName =>
  providerNames.some((name) => name === text);
