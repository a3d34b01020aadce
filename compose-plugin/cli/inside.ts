import { containerIds } from '../engine/ids.ts';
import type { Context } from './context.ts';
import { passThrough } from './pass-through.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/**
 * `exec`, `cp` and `top`: Compose's verbs, with a warning if the container's application runs in a function.
 */
export async function inside(context: Context): Promise<number> {
  const { engine, invocation, project, warn } = context;
  const verb = invocation.verb ?? '';
  for (const service of servicesOf(verb, invocation.args)) {
    const standing = await containerIds(
      engine,
      `label=com.docker.compose.project=${project.name}`,
      `label=com.docker.compose.service=${service}`,
      'label=io.boxer.target=lambda',
      'status=running',
    );
    if (standing.length === 0) continue;
    warn(
      `docker boxer: ${verb} reaches the container that stands for the function of ${service}, not the function: its processes and files are elsewhere`,
    );
  }
  return passThrough(context);
}

function servicesOf(verb: string, args: readonly string[]): string[] {
  const { words } = parseVerbArguments(verb, args);
  if (verb === 'exec') return words.slice(0, 1);
  if (verb === 'top') return words;
  return words.flatMap((word) => /^([^/:.][^/:]*):/.exec(word)?.[1] ?? []);
}
