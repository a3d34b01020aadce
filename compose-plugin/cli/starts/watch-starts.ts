import { BOXER } from '../../compose/rewrite/boxed-service.ts';
import { docker } from '../../engine/docker.ts';
import { dockerLines } from '../../engine/lines.ts';
import { type Phantom, readPhantoms } from '../../project/phantoms.ts';
import type { Context } from '../context.ts';

/** The state of a started replica: its function starts, its function runs, or the replica has ended. */
export interface Started {
  readonly phantom: Phantom;
  readonly state: 'starting' | 'running' | 'ended';
}

/** The exit code of a runtime without the command `running`: its functions count as running. */
const UNKNOWN = 2;

/** One entry per start of a container, so that a container that is started again counts as new. */
export const startsOf = (phantoms: readonly Phantom[]): ReadonlySet<string> =>
  new Set(phantoms.map(({ id, startedAt }) => `${id} ${startedAt}`));

/** The started replicas whose start is not in `before`. */
export async function startedSince(
  context: Context,
  project: string,
  before: ReadonlySet<string>,
): Promise<Phantom[]> {
  const phantoms = await readPhantoms(context.engine, project);
  return phantoms.filter(
    ({ id, startedAt, status, oneOff }) =>
      !oneOff && status !== 'created' && !before.has(`${id} ${startedAt}`),
  );
}

/**
 * Watches started replicas until each one runs or has ended, or until `signal` aborts, and calls `show` after
 * every change. Resolves to the last states. `patient`: a replica that its restart policy starts again has
 * not ended.
 */
export async function watchStarts(
  context: Context,
  project: string,
  phantoms: readonly Phantom[],
  { patient, show }: { patient: boolean; show: (started: readonly Started[]) => void },
  signal: AbortSignal,
): Promise<Started[]> {
  const end = new AbortController();
  const engine = { ...context.engine, signal: AbortSignal.any([context.engine.signal, signal, end.signal]) };
  const running = new Set<string>();
  let current = new Map(phantoms.map((one) => [one.id, one]));
  const stateOf = ({ id, status }: Phantom): Started['state'] => {
    if (status === 'exited' || status === 'dead' || (status === 'restarting' && !patient)) return 'ended';
    return running.has(id) ? 'running' : 'starting';
  };
  const list = () => [...current.values()].map((phantom) => ({ phantom, state: stateOf(phantom) }));
  const done = Promise.withResolvers<void>();
  engine.signal.addEventListener('abort', () => done.resolve(), { once: true });
  const tell = () => {
    const states = list();
    show(states);
    if (states.every(({ state }) => state !== 'starting')) done.resolve();
  };
  const look = async () => {
    const found = await readPhantoms(context.engine, project);
    // A removed container keeps its last known state.
    current = new Map([...current].map(([id, old]) => [id, found.find((one) => one.id === id) ?? old]));
    tell();
  };
  /** Asks a container whether its function's guest runs. The answer comes only once the guest runs. */
  const ask = async (id: string) => {
    const { code } = await docker(engine, ['exec', id, BOXER, 'running']);
    if (code === 0 || code === UNKNOWN) running.add(id);
    await look();
  };
  const follow = async () => {
    const since = phantoms.map(({ startedAt }) => startedAt).sort()[0] ?? '';
    const filters = [
      `label=com.docker.compose.project=${project}`,
      'event=die',
      'event=start',
      'type=container',
    ];
    const events = ['events', '--since', since, '--format', '{{.Action}} {{.ID}}'];
    for await (const line of dockerLines(engine, [
      ...events,
      ...filters.flatMap((filter) => ['--filter', filter]),
    ])) {
      const [action, id = ''] = line.split(' ');
      if (!current.has(id)) continue;
      if (action === 'start') questions.push(ask(id).catch(failed));
      else await look();
    }
  };
  // Errors of questions that are aborted at the end are ignored.
  const failed = (error: unknown) => void (engine.signal.aborted || done.reject(error));
  const questions: Promise<void>[] = [];
  try {
    questions.push(look().catch(failed), follow().catch(failed));
    await done.promise;
    return list();
  } finally {
    end.abort();
    await Promise.all(questions);
  }
}
