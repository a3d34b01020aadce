import { CONFIG_VARIABLE, type NodeConfig } from './node-config.ts';

/** What the phantom's own container adds to the environment and no guest shall see. */
const OWN = new Set([CONFIG_VARIABLE]);

/** RegExp.escape, which the plugin's oldest Node.js does not have. */
const escapeText = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(escapeText).join('.*')}$`),
  );
  return (name) => expressions.some((expression) => expression.test(name));
}

/** The variables that travel: those that match `include` (all, where it is empty) and not `exclude`. */
export function travellingEnvironment<Value>(
  environment: Readonly<Record<string, Value>>,
  filter: NodeConfig['environment'],
): Record<string, Value> {
  const included = filter.include.length === 0 ? () => true : matcher(filter.include);
  const excluded = matcher(filter.exclude);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !OWN.has(name) && included(name) && !excluded(name)),
  );
}
