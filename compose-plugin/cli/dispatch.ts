import type { Context } from './context.ts';
import { passThrough } from './pass-through.ts';

type Command = (context: Context) => Promise<number>;

/**
 * The verbs that Boxer adds or extends. Each is loaded when it is called, because some load more than Node.js
 * itself does before they start Compose.
 */
const commands: Readonly<Record<string, Command>> = {
  up: async (context) => (await import('./up.ts')).up(context),
  create: async (context) => (await import('./up.ts')).up(context),
  scale: async (context) => (await import('./scale.ts')).scale(context),
  run: async (context) => (await import('./run.ts')).run(context),
  watch: async (context) => (await import('./run.ts')).run(context),
  start: async (context) => (await import('./start.ts')).start(context),
  restart: async (context) => (await import('./start.ts')).start(context),
  config: async (context) => (await import('./config.ts')).config(context),
  convert: async (context) => (await import('./config.ts')).config(context),
  down: async (context) => (await import('./down.ts')).down(context),
  ps: async (context) => (await import('./ps.ts')).ps(context),
  logs: async (context) => (await import('./logs.ts')).logs(context),
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
