import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { docker } from '../../engine/docker.ts';
import { type Phantom, readPhantoms } from '../../project/phantoms.ts';
import type { Context } from '../context.ts';
import { type Started, startedSince, startsOf, watchStarts } from './watch-starts.ts';

export interface FollowOptions {
  /** `--wait`: a function that does not run is a failure. */
  readonly wait: boolean;
  /** How long the functions may take, ms. */
  readonly timeout: number;
}

/**
 * How long to follow starts without `--wait`, ms: longer than a function takes to start on a busy machine.
 */
const LOOK = 60_000;
/** The longest wait with `--wait`, ms: the longest life of a function in Lambda. */
const LONGEST_WAIT = 900_000;

/** Exit codes of a failed start: 125 by Boxer or Lambda, 126 and 127 as in a shell. */
const NOT_STARTED: ReadonlySet<number> = new Set([125, 126, 127]);

/** The options that the flags of a verb give. */
export function followOptions(flags: ReadonlyMap<string, readonly string[]>): FollowOptions {
  const wait = flags.has('--wait');
  const seconds = Number(flags.get('--wait-timeout')?.at(-1));
  return { wait, timeout: !wait ? LOOK : seconds > 0 ? seconds * 1000 : LONGEST_WAIT };
}

/**
 * Notes the containers that run before a verb starts others. The resolved callback then follows the functions
 * of the new containers: it shows how many run and reports those that failed. The callback takes the exit
 * code of the verb and resolves to it, or to 1 if a function could not be started or, with `wait`, failed or
 * does not run in time.
 */
export async function expectStarts(
  context: Context,
  project: string,
  options: FollowOptions,
): Promise<(code: number) => Promise<number>> {
  const before = startsOf(await readPhantoms(context.engine, project));
  return async (code) => {
    if (context.engine.signal.aborted) return code;
    const phantoms = await startedSince(context, project, before);
    return phantoms.length === 0 ? code : follow(context, project, phantoms, options, code);
  };
}

async function follow(
  context: Context,
  project: string,
  phantoms: readonly Phantom[],
  { wait, timeout }: FollowOptions,
  code: number,
): Promise<number> {
  const { engine, progress, warn } = context;
  const show = counter(progress);
  const limit = AbortSignal.timeout(timeout);
  const states = await watchStarts(context, project, phantoms, { patient: wait, show }, limit);
  if (engine.signal.aborted) throw new BoxerError('CANCELLED', 'cancelled');
  const ended = states.filter(({ phantom, state }) => state === 'ended' && phantom.exitCode !== 0);
  for (const { phantom } of ended) {
    const line = await lastLine(context, phantom.id);
    warn(
      `docker boxer: container ${phantom.name} exited (${phantom.exitCode})${line === '' ? '' : `: ${line}`}`,
    );
  }
  const late = states.filter(({ state }) => state === 'starting').length;
  if (late > 0) {
    const names = late === 1 ? 'One function does' : `${late} functions do`;
    warn(
      `docker boxer: ${names} not run after ${Math.round(timeout / 1000)} s; \`docker boxer ps\` and \`logs\` say more`,
    );
  }
  const failed = ended.some(({ phantom }) => wait || NOT_STARTED.has(phantom.exitCode)) || (wait && late > 0);
  return code === 0 && failed ? 1 : code;
}

/** Shows the number of running functions whenever the number changes. */
function counter(progress: (text: string) => void) {
  let shown = '';
  return (states: readonly Started[]) => {
    const running = states.filter(({ state }) => state === 'running').length;
    const text = ` Functions ${running}/${states.length}  Running`;
    if (text !== shown) progress(text);
    shown = text;
  };
}

/** The last line of a container's log; '' if the log is empty. */
async function lastLine({ engine }: Context, id: string): Promise<string> {
  const { stdout, stderr } = await docker(engine, ['logs', '--tail', '1', id]);
  return (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
}
