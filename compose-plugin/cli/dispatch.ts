import { config } from './config.ts';
import type { Context } from './context.ts';
import { down } from './down.ts';
import { logs } from './logs.ts';
import { passThrough } from './pass-through.ts';
import { run } from './run.ts';
import { scale } from './scale.ts';
import { up } from './up.ts';

type Command = (context: Context) => Promise<number>;

/**
 * The verbs that Boxer adds or extends. Frequent verbs are imported statically, because each dynamic import
 * costs a millisecond; these verbs import their heavy parts on demand.
 */
const commands: Readonly<Record<string, Command>> = {
  up,
  create: up,
  scale,
  run,
  watch: run,
  start: async (context) => (await import('./start.ts')).start(context),
  restart: async (context) => (await import('./start.ts')).start(context),
  config,
  convert: config,
  down,
  ps: async (context) => (await import('./ps.ts')).ps(context),
  logs,
  exec: async (context) => (await import('./inside.ts')).inside(context),
  cp: async (context) => (await import('./inside.ts')).inside(context),
  top: async (context) => (await import('./inside.ts')).inside(context),
  events: async (context) => (await import('./events.ts')).events(context),
  link: async (context) => (await import('./link.ts')).link(context),
  unlink: async (context) => (await import('./unlink.ts')).unlink(context),
  plan: async (context) => (await import('./plan.ts')).plan(context),
  build: async (context) => (await import('./build.ts')).build(context),
  push: async (context) => (await import('./push.ts')).push(context),
  cost: async (context) => (await import('./cost.ts')).cost(context),
  iam: async (context) => (await import('./iam.ts')).iam(context),
  doctor: async (context) => (await import('./doctor.ts')).doctor(context),
  probe: async (context) => (await import('./probe.ts')).probe(context),
  version: async (context) => (await import('./version.ts')).version(context),
};

/** Runs the verb. A verb that Boxer does not know is passed to Compose with the rewritten model. */
export async function dispatch(context: Context): Promise<number> {
  const { invocation } = context;
  if (invocation.completion) return (await import('./complete.ts')).complete(context);
  const asked = invocation.help || asksForHelp(invocation.verb, invocation.args);
  if (invocation.verb === undefined || asked) return (await import('./help.ts')).help(context);
  const command = Object.hasOwn(commands, invocation.verb) ? commands[invocation.verb] : undefined;
  return (command ?? passThrough)(context);
}

/**
 * Whether `--help` is among the verb's flags; after the service of `exec` and `run` it belongs to the
 * command.
 */
function asksForHelp(verb: string | undefined, args: readonly string[]): boolean {
  const ends =
    verb === 'exec' || verb === 'run' ? args.findIndex((arg) => !arg.startsWith('-')) : args.indexOf('--');
  return args.slice(0, ends < 0 ? args.length : ends).some((arg) => arg === '-h' || arg === '--help');
}
