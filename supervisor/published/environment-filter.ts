import { CONFIG_VARIABLE, type NodeConfig } from './node-config.ts';

/** Variables that belong to the phantom's own container, and that no guest may see. */
const OWN = new Set([CONFIG_VARIABLE]);

/** Does what RegExp.escape does, which the oldest Node.js that the plugin supports does not have. */
const escapeText = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(escapeText).join('.*')}$`),
  );
  return (name) => expressions.some((expression) => expression.test(name));
}

/**
 * The variables that travel to the function: those that match `include` (all, where it is empty) and do not
 * match `exclude`.
 */
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
