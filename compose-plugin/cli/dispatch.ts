import type { Context } from './context.ts';
import { passThrough } from './pass-through.ts';

type Command = (context: Context) => Promise<number>;

/** The verbs that are Boxer's own or do more than Compose's; loaded when they are called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./up.ts')).up,
  create: async () => (await import('./up.ts')).up,
  scale: async () => (await import('./scale.ts')).scale,
  run: async () => (await import('./run.ts')).run,
  watch: async () => (await import('./run.ts')).run,
  config: async () => (await import('./config.ts')).config,
  convert: async () => (await import('./config.ts')).config,
  down: async () => (await import('./down.ts')).down,
  ps: async () => (await import('./ps.ts')).ps,
  logs: async () => (await import('./logs.ts')).logs,
  link: async () => (await import('./link.ts')).link,
  unlink: async () => (await import('./unlink.ts')).unlink,
  doctor: async () => (await import('./doctor.ts')).doctor,
  version: async () => (await import('./version.ts')).version,
};

/** Runs the verb. Whatever is none of ours is Compose's, with the rewritten model. */
export async function dispatch(context: Context): Promise<number> {
  const { invocation } = context;
  if (invocation.completion) return (await import('./complete.ts')).complete(context);
  const asked =
    invocation.help ||
    /^(-h|--help)$/.test(invocation.args.find((arg) => /^(--|-h$|--help$)/.test(arg)) ?? '');
  if (invocation.verb === undefined || asked) return (await import('./help.ts')).help(context);
  const load = Object.hasOwn(commands, invocation.verb) ? commands[invocation.verb] : undefined;
  return load === undefined ? passThrough(context) : (await load())(context);
}
