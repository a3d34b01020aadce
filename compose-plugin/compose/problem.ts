/** A problem of the project with its path in the model. The report looks up the line in the compose file. */
export interface Problem {
  /** Path in the model: `['services', 'web', 'x-boxer', 'memory']`. */
  path: readonly string[];
  message: string;
  hint?: string;
}

/** `service "web": x-boxer.memory`, `x-boxer.network`: the path in the user's words. */
export function subject(path: readonly string[]): string {
  const [first, service, ...rest] = path;
  if (first !== 'services' || service === undefined) return path.join('.');
  return rest.length === 0 ? `service "${service}"` : `service "${service}": ${rest.join('.')}`;
}
