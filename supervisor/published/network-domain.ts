/** `names`, and each of them with the engine's name of their network as its domain: so Docker's resolver knows them. The service's name is the first. */
export const withDomain = (names: readonly string[], domain: string): string[] => [
  ...names,
  ...names.map((name) => `${name}.${domain}`),
];

/** The domain that `withDomain` gave the names of a service; undefined where it gave them none. */
export function domainOf(service: string, names: readonly string[]): string | undefined {
  const own = names[names.length / 2];
  return own?.startsWith(`${service}.`) ? own.slice(service.length + 1) : undefined;
}
