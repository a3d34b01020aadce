import type { Model } from '../compose/model.ts';
import { BOXER } from '../compose/rewrite/boxed-service.ts';
import { parseVerbArguments, withoutFlags } from './verb-arguments.ts';

/** The trampoline's mode for the service's target; undefined: the service is not boxed. */
function modeOf(model: Model, service: string): string | undefined {
  const annotation = model.services?.[service]?.['x-boxer'];
  if (annotation === undefined || annotation === null) return undefined;
  const target = typeof annotation === 'object' ? Reflect.get(annotation, 'target') : annotation;
  return target === 'container' ? 'node' : 'phantom';
}

/**
 * Rewrites `run --entrypoint X service` so that X replaces the application's entrypoint. Compose would
 * replace the trampoline, and X would run outside the overlay.
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
