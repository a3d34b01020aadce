/**
 * `names`, followed by the same names with `domain` appended. `domain` is the engine's name of the network:
 * Docker's resolver knows the names in both forms. The first of `names` is that of the service.
 */
export const withDomain = (names: readonly string[], domain: string): string[] => [
  ...names,
  ...names.map((name) => `${name}.${domain}`),
];

/** The domain that `withDomain` has appended to the names of a service; undefined if it has appended none. */
export function domainOf(service: string, names: readonly string[]): string | undefined {
  const own = names[names.length / 2];
  return own?.startsWith(`${service}.`) ? own.slice(service.length + 1) : undefined;
}
