import { setTimeout } from 'node:timers/promises';
import { dockerLines } from '../../engine/lines.ts';
import { followNodes } from '../../project/nodes/follow-nodes.ts';
import { type Phantom, readPhantoms } from '../../project/phantoms.ts';
import type { Context } from '../context.ts';

/** How far a replica that was started has come: its function runs, or it has ended, or neither yet. */
export interface Started {
  readonly phantom: Phantom;
  readonly state: 'starting' | 'running' | 'ended';
}

/** A guest that cannot be started has ended by then; ms since its function is up. */
const SETTLE = 1000;

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
 * change. Resolves to how far they have come.
 */
export async function watchStarts(
  context: Context,
  project: string,
  phantoms: readonly Phantom[],
  show: (started: readonly Started[]) => void,
  signal: AbortSignal,
): Promise<Started[]> {
  const end = new AbortController();
  const engine = { ...context.engine, signal: AbortSignal.any([context.engine.signal, signal, end.signal]) };
  const running = new Set<string>();
  let current = new Map(phantoms.map((one) => [one.id, one]));
  const stateOf = ({ id, status }: Phantom): Started['state'] =>
    status === 'exited' || status === 'dead' ? 'ended' : running.has(id) ? 'running' : 'starting';
  const list = () => [...current.values()].map((phantom) => ({ phantom, state: stateOf(phantom) }));
  const done = Promise.withResolvers<void>();
  engine.signal.addEventListener('abort', () => done.resolve(), { once: true });

  const tell = () => {
    const states = list();
    show(states);
    if (states.every(({ state }) => state !== 'starting')) done.resolve();
  };
  const look = async () => {
    const found = await readPhantoms({ ...engine, signal: context.engine.signal }, project);
    // One that has been removed is as it was last seen.
    current = new Map([...current].map(([id, old]) => [id, found.find((one) => one.id === id) ?? old]));
    tell();
  };
  const nodes = async () => {
    for await (const { node } of followNodes(engine, project)) {
      const id = [...current.keys()].find((one) => node.container !== '' && one.startsWith(node.container));
      if (id === undefined || node.state !== 'up' || running.has(id)) continue;
      const age = Math.max(0, Date.now() - node.since);
      await settle(SETTLE - age, engine.signal);
      running.add(id);
      tell();
    }
  };
  const deaths = async () => {
    const filters = [`label=com.docker.compose.project=${project}`, 'event=die', 'type=container'];
    const since = phantoms.map(({ startedAt }) => startedAt).sort()[0] ?? '';
    const events = ['events', '--since', since, ...filters.flatMap((filter) => ['--filter', filter])];
    for await (const _ of dockerLines(engine, events)) await look();
  };

  try {
    void Promise.all([nodes(), deaths()]).then(() => done.resolve(), done.reject);
    await look();
    await done.promise;
    // What has come of those that were already counted.
    await look();
    return list();
  } finally {
    end.abort();
  }
}

/** Resolves after `ms`, or with `signal`. */
function settle(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
