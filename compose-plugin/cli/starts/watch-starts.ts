import { BOXER } from '../../compose/rewrite/boxed-service.ts';
import { docker } from '../../engine/docker.ts';
import { dockerLines } from '../../engine/lines.ts';
import { type Phantom, readPhantoms } from '../../project/phantoms.ts';
import type { Context } from '../context.ts';

/** How far a replica that was started has come: its function runs, or it has ended, or neither yet. */
export interface Started {
  readonly phantom: Phantom;
  readonly state: 'starting' | 'running' | 'ended';
}

/** The answer of a runtime that does not know the question: its functions are not waited for. */
const UNKNOWN = 2;

/** Containers by what they were started as: the same container that is started again is another one. */
export const startsOf = (phantoms: readonly Phantom[]): ReadonlySet<string> =>
  new Set(phantoms.map(({ id, startedAt }) => `${id} ${startedAt}`));

/** The replicas that are not among `before`. */
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
 * Watches replicas that have just been started until each one's function runs or has ended, or `signal` aborts; tells `show` of every
 * change. Resolves to how far they have come. `patient`: one that its restart policy starts again has not ended.
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
    // One that has been removed is as it was last seen.
    current = new Map([...current].map(([id, old]) => [id, found.find((one) => one.id === id) ?? old]));
    tell();
  };
  /** The container answers when its function's guest runs, and not at all where that does not come to it. */
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
  // What is asked when all is over ends with it.
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
