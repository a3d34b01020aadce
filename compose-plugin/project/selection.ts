import { type Model, servicesOf } from '../compose/model.ts';

/**
 * The services that a call selects: the named ones with their dependencies, or all enabled ones.
 * @param names services on the command line; none: all
 */
export function selection(
  model: Model,
  enabled: ReadonlySet<string> | undefined,
  names: readonly string[],
  withDependencies: boolean,
): Set<string> {
  if (names.length === 0) {
    return new Set(servicesOf(model).flatMap(([name]) => (enabled?.has(name) === false ? [] : [name])));
  }
  const selected = new Set<string>();
  const add = (name: string) => {
    if (selected.has(name) || model.services?.[name] === undefined) return;
    selected.add(name);
    if (withDependencies) Object.keys(model.services[name]?.depends_on ?? {}).forEach(add);
  };
  names.forEach(add);
  return selected;
}
