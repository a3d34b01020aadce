import { docker } from '../engine/docker.ts';
import type { Context } from './context.ts';

const ownVerbs: Readonly<Record<string, string>> = {
  doctor: 'Check what Boxer needs on this machine',
  link: 'Make plain docker compose use the rewritten model',
  cost: 'Show what functions have cost so far',
  iam: 'Print the IAM policies that the project needs',
  plan: 'Show what up would do, and what it costs',
  probe: 'Measure the place that functions run in',
  unlink: 'Undo link',
};

const ownFlags: Readonly<Record<string, readonly string[]>> = {
  doctor: ['--aws'],
  link: [],
  unlink: [],
  cost: ['--json'],
  iam: ['--json'],
  plan: ['--json', '--provider'],
  probe: ['--addresses', '--json', '--provider', '--trials', '--yes'],
  version: ['--short', '--format'],
  ps: ['--all', '--format', '--network'],
};

/** cobra's directive for "no further completions, and no file names". */
const NO_FILES = ':4';

/**
 * Answers the shell's completion (cobra's protocol) with Boxer's verbs and flags and with Compose's
 * completions.
 */
export async function complete(context: Context): Promise<number> {
  const { engine, invocation, print } = context;
  const { verb, args } = invocation;
  const flags =
    verb !== undefined && args.length > 0 && Object.hasOwn(ownFlags, verb) ? ownFlags[verb] : undefined;
  if (flags !== undefined && (verb !== 'ps' || args.at(-1)?.startsWith('-'))) {
    const last = args.at(-1) ?? '';
    for (const flag of flags.filter((name) => last.startsWith('-') && name.startsWith(last))) print(flag);
    print(NO_FILES);
    return 0;
  }
  const words = [
    ...['__complete', 'compose', ...invocation.files.flatMap((file) => ['-f', file]), ...invocation.compose],
    ...(verb === undefined ? [''] : [verb, ...args]),
  ];
  const { stdout } = await docker(engine, words);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const directive = lines.at(-1)?.startsWith(':') ? lines.pop() : NO_FILES;
  if (args.length === 0 && !verb?.startsWith('-')) {
    const matching = Object.entries(ownVerbs).filter(([name]) => name.startsWith(verb ?? ''));
    lines.push(...matching.map(([name, text]) => `${name}\t${text}`));
  }
  for (const line of lines) print(line);
  print(directive ?? NO_FILES);
  return 0;
}
