import { BOXER } from '../../compose/rewrite/boxed-service.ts';
import type { Docker } from '../../engine/docker.ts';
import { execInside } from '../../engine/exec.ts';
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

export interface StartWatchOptions {
  /** A replica that its restart policy starts again has not ended. */
  readonly patient: boolean;
  /** Called after every change. */
  readonly show: (started: readonly Started[]) => void;
}

/**
 * Watches started replicas until each one runs or has ended, or until `signal` aborts. Resolves to the last
 * states.
 */
export async function watchStarts(
  context: Context,
  project: string,
  phantoms: readonly Phantom[],
  options: StartWatchOptions,
  signal: AbortSignal,
): Promise<Started[]> {
  const end = new AbortController();
  const until = AbortSignal.any([context.engine.signal, signal, end.signal]);
  const watch = new StartWatch(context.engine, project, phantoms, options, until);
  try {
    return await watch.run();
  } finally {
    end.abort();
    await watch.settled();
  }
}

class StartWatch {
  readonly #engine: Docker;
  /** The engine for commands that end with the watch. */
  readonly #until: Docker;
  readonly #project: string;
  readonly #options: StartWatchOptions;
  /** When the first of the replicas was started. */
  readonly #since: string;
  readonly #running = new Set<string>();
  readonly #done = Promise.withResolvers<void>();
  readonly #questions: Promise<void>[] = [];
  #current: ReadonlyMap<string, Phantom>;

  constructor(
    engine: Docker,
    project: string,
    phantoms: readonly Phantom[],
    options: StartWatchOptions,
    until: AbortSignal,
  ) {
    this.#engine = engine;
    this.#until = { ...engine, signal: until };
    this.#project = project;
    this.#options = options;
    this.#current = new Map(phantoms.map((one) => [one.id, one]));
    this.#since = phantoms.map(({ startedAt }) => startedAt).sort()[0] ?? '';
  }

  async run(): Promise<Started[]> {
    this.#until.signal.addEventListener('abort', () => this.#done.resolve(), { once: true });
    this.#question(this.#look());
    this.#question(this.#follow());
    await this.#done.promise;
    return this.#states();
  }

  /** Resolves when no question is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#questions);
  }

  #question(asked: Promise<void>): void {
    // Errors of questions that are aborted at the end are ignored.
    const failed = (error: unknown) => void (this.#until.signal.aborted || this.#done.reject(error));
    this.#questions.push(asked.catch(failed));
  }

  async #look(): Promise<void> {
    const found = await readPhantoms(this.#engine, this.#project);
    // A removed container keeps its last known state.
    const newest = (old: Phantom) => found.find(({ id }) => id === old.id) ?? old;
    this.#current = new Map([...this.#current].map(([id, old]) => [id, newest(old)]));
    const states = this.#states();
    this.#options.show(states);
    if (states.every(({ state }) => state !== 'starting')) this.#done.resolve();
  }

  async #follow(): Promise<void> {
    const events = ['events', '--since', this.#since, '--format', '{{.Action}} {{.ID}}'];
    const project = `label=com.docker.compose.project=${this.#project}`;
    const filters = [project, 'event=die', 'event=start', 'type=container'];
    const command = [...events, ...filters.flatMap((filter) => ['--filter', filter])];
    for await (const line of dockerLines(this.#until, command)) {
      const [action, id = ''] = line.split(' ');
      if (!this.#current.has(id)) continue;
      if (action === 'start') this.#question(this.#ask(id));
      else await this.#look();
    }
  }

  /** Asks a container whether its function's guest runs. The answer comes only once the guest runs. */
  async #ask(id: string): Promise<void> {
    const { code } = await execInside(this.#until, id, [BOXER, 'running']);
    if (code === 0 || code === UNKNOWN) this.#running.add(id);
    await this.#look();
  }

  #states(): Started[] {
    return [...this.#current.values()].map((phantom) => ({ phantom, state: this.#stateOf(phantom) }));
  }

  #stateOf({ id, status }: Phantom): Started['state'] {
    const isRestarting = status === 'restarting' && !this.#options.patient;
    if (status === 'exited' || status === 'dead' || isRestarting) return 'ended';
    return this.#running.has(id) ? 'running' : 'starting';
  }
}
