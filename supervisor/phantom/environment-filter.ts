import { CONFIG_VARIABLE, type NodeConfig } from '../published/node-config.ts';

/** What the phantom's own container adds to the environment and no guest shall see. */
const OWN = new Set([CONFIG_VARIABLE]);

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`),
  );
  return (name) => expressions.some((expression) => expression.test(name));
}

/** The variables that travel: those that match `include` (all, where it is empty) and not `exclude`. */
export function travellingEnvironment(
  environment: Readonly<Record<string, string>>,
  filter: NodeConfig['environment'],
): Record<string, string> {
  const included = filter.include.length === 0 ? () => true : matcher(filter.include);
  const excluded = matcher(filter.exclude);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !OWN.has(name) && included(name) && !excluded(name)),
  );
}
