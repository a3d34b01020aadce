import { readFileSync } from 'node:fs';
import { readFile, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { type Helper, startHelper } from './helper.ts';
import { type Place, WORK } from './place.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Job {
  /** The process id in the place's PID namespace. */
  readonly pid: Promise<number>;
  readonly ended: Promise<Ended>;
  /** Resolves when the job has printed `text`. Rejects if the job ends without printing it. */
  printed(text: string): Promise<void>;
  /** Sends `signal` to the job; TERM by default. */
  kill(signal?: string): void;
}

/** A shell in a place, which runs jobs natively, or as guests of the supervisor that runs the shell. */
export interface Shell {
  /**
   * The id on this machine of the place's first process. For a shell that is a guest, it is the launcher.
   */
  readonly pid: number;
  start(...argv: string[]): Job;
  /** Runs `argv` and resolves when it ends, with any exit code. */
  exec(...argv: string[]): Promise<Ended>;
  /** Resolves when a program in the place listens on `port`. */
  listening(port: number): Promise<void>;
  /** Kills all processes in the place at once, as a power failure would. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface ShellOptions {
  /** The prefix of the command `sh` that makes the shell a guest. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Is called with every line of the supervisor's output. */
  readonly onLine?: (line: string) => void;
}

interface Waiting {
  readonly started: (pid: number) => void;
  readonly ended: (code: number) => void;
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
const JOB_EVENT = /^(started|ended) (\d+) (\d+)$/;
const LISTEN_TIMEOUT_MS = 10_000;

export async function startShell(place: Place, options: ShellOptions = {}): Promise<Shell> {
  const { under = [], env = {}, onLine } = options;
  const jobs = new Map<number, Waiting>();
  let next = 0;
  const helper = await startHelper([...place.enter, ...under, 'sh', '-c', 'echo shell; exec sh -s'], {
    env,
    ready: (line) => line === 'shell',
    onLine(line) {
      const [, event, job, value] = JOB_EVENT.exec(line) ?? [];
      if (event === 'started' || event === 'ended') jobs.get(Number(job))?.[event](Number(value));
      else onLine?.(line);
    },
  });
  const say = (line: string) => helper.process.stdin.write(`${line}\n`);
  // Jobs that are killed at the place's end do not report their end.
  helper.process.once('close', () => {
    for (const { ended } of jobs.values()) ended(255);
  });

  function start(...argv: string[]): Job {
    const id = next++;
    const started = Promise.withResolvers<number>();
    const over = Promise.withResolvers<number>();
    jobs.set(id, { started: started.resolve, ended: over.resolve });
    const inner = `echo started ${id} $$; exec "$@" >${WORK}/${id}.out 2>${WORK}/${id}.err`;
    say(`{ sh -c ${quoted(inner)} sh ${argv.map(quoted).join(' ')}; echo ended ${id} $?; } </dev/null &`);
    const read = (stream: string) =>
      readFile(join(place.directory, `${id}.${stream}`), 'utf8').catch(() => '');
    const ended = over.promise.then(async (code) => {
      jobs.delete(id);
      return { code, stdout: await read('out'), stderr: await read('err') };
    });
    return {
      pid: started.promise,
      ended,
      printed: (text) => printed(place.directory, `${id}.out`, text, ended),
      kill: (signal = 'TERM') =>
        void started.promise.then((pid) => say(`kill -${signal} ${pid} 2>/dev/null`)),
    };
  }

  return {
    get pid() {
      return firstChild(helper);
    },
    start,
    exec: (...argv) => start(...argv).ended,
    listening: (port) => listening(helper.pid, port),
    async kill() {
      process.kill(firstChild(helper), 'SIGKILL');
      await helper.stop();
    },
    close: () => helper.stop(),
  };
}

function firstChild({ pid }: Helper): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')[0]);
}

/** Reads the job's output file again after each change, until it contains `text`. */
async function printed(directory: string, file: string, text: string, ended: Promise<Ended>): Promise<void> {
  const stop = new AbortController();
  const over = ended.then(({ stdout, stderr }) => {
    stop.abort();
    if (!stdout.includes(text)) throw new Error(`it ended before it printed "${text}": ${stdout}${stderr}`);
  });
  over.catch(() => undefined);
  const look = () => readFile(join(directory, file), 'utf8').catch(() => '');
  try {
    const changes = watch(directory, { signal: stop.signal });
    if ((await look()).includes(text)) return;
    for await (const _change of changes) if ((await look()).includes(text)) return;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    await over;
  } finally {
    stop.abort();
  }
}

/** Polls the kernel's tables of sockets, because there is no event for a new listener. */
async function listening(pid: number, port: number): Promise<void> {
  const wanted = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A`);
  const until = Date.now() + LISTEN_TIMEOUT_MS;
  for (;;) {
    if (['tcp', 'tcp6'].some((table) => wanted.test(readFileSync(`/proc/${pid}/net/${table}`, 'latin1'))))
      return;
    if (Date.now() > until) throw new Error(`nothing listens on port ${port} after ${LISTEN_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
