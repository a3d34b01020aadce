import { readFileSync } from 'node:fs';
import type { Bed, Host } from './bed.ts';
import { type Helper, startHelper } from './helper.ts';
import { createPlace, type PlaceOptions } from './place.ts';

export interface DaemonOptions extends PlaceOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ready: (line: string) => boolean;
}

/** A program in its own place. It can be killed and started again. */
export interface Daemon {
  /** The process id of the program on this machine; 0 while it does not run. */
  readonly pid: number;
  readonly log: readonly string[];
  start(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a daemon, which ends with the bed. */
export async function startDaemon(bed: Bed, host: Host, options: DaemonOptions): Promise<Daemon> {
  const log: string[] = [];
  let running: { helper: Helper; pid: number } | undefined;

  async function start(): Promise<void> {
    const place = await createPlace(bed, host, options);
    const helper = await startHelper([...place.enter, ...options.argv], {
      env: options.env,
      ready: options.ready,
      onLine: (line) => log.push(line),
    });
    const children = readFileSync(`/proc/${helper.pid}/task/${helper.pid}/children`, 'latin1');
    running = { helper, pid: Number(children.trim()) };
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const stopping = running;
    running = undefined;
    if (!stopping) return;
    try {
      process.kill(stopping.pid, signal);
    } catch {
      // The program has ended by itself; its log tells the cause.
    }
    await stopping.helper.stop();
  }

  bed.own(() => kill());
  await start();
  return {
    get pid() {
      return running?.pid ?? 0;
    },
    log,
    start,
    kill,
  };
}
