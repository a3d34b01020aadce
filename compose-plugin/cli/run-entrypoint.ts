import type { Model } from '../compose/model.ts';
import { BOXER } from '../compose/rewrite/boxed-service.ts';
import { parseVerbArguments, withoutFlags } from './verb-arguments.ts';

/** How the trampoline starts the services of a target; undefined: the service is not boxed. */
function modeOf(model: Model, service: string): string | undefined {
  const annotation = model.services?.[service]?.['x-boxer'];
  if (annotation === undefined || annotation === null) return undefined;
  const target = typeof annotation === 'object' ? Reflect.get(annotation, 'target') : annotation;
  return target === 'container' ? 'node' : 'phantom';
}

/**
 * `run --entrypoint X service` as Compose shall get it: X takes the place of the application's entrypoint, not of the trampoline
 * in front of it, or it would run beside the overlay instead of in it.
 */
export function trampolineEntrypoint(model: Model, args: readonly string[]): readonly string[] {
  const { flags, words } = parseVerbArguments('run', args);
  const [service = '', ...command] = words;
  const entrypoint = flags.get('--entrypoint')?.at(-1);
  const mode = modeOf(model, service);
  if (entrypoint === undefined || mode === undefined) return args;
  const own = withoutFlags('run', args.slice(0, args.length - words.length), ['--entrypoint']);
  const program = entrypoint.split(/\s+/).filter((word) => word !== '');
  return [...own, '--entrypoint', BOXER, service, mode, '--', ...program, ...command];
}
