import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Order, Report, Usage } from './orders.ts';
import { argumentOf, type StorePlace } from './store-place.ts';

/** One seed and the processes that run its nodes. */
export interface Fleet {
  /** Gives each process its order, and resolves to all reports. */
  all(order: (process: number) => Order): Promise<Report[]>;
  /** Gives an order to one process. */
  one(process: number, order: Order): Promise<Report>;
  /**
   * Starts another node, which is a real one. Resolves to a function that asks it for the times at which its
   * table first had the given nodes.
   */
  table(): Promise<(ids: readonly number[]) => Promise<Report>>;
  /** Resolves to the usage of the seed, after a garbage collection. */
  usage(): Promise<Usage>;
  stop(): void;
}

const here = (file: string) => new URL(file, import.meta.url).pathname;

async function heard<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('a process of the benchmark ended'))),
  ])) as [T];
  return message;
}

async function ask(child: ChildProcess, order: Order): Promise<Report> {
  const answer = heard<Report>(child);
  child.send(order);
  const report = await answer;
  if (report.kind === 'failed') throw new Error(report.message);
  return report;
}

export async function startFleet(processes: number, store: StorePlace): Promise<Fleet> {
  const seed = fork(here('seed-process.ts'), [argumentOf(store)], {
    execArgv: ['--expose-gc', '--no-warnings'],
  });
  const { port } = await heard<{ port: number }>(seed);
  const children = Array.from({ length: processes }, () =>
    fork(here('node-process.ts'), [String(port)], { execArgv: ['--no-warnings'] }),
  );
  return {
    all: (order) => Promise.all(children.map((child, index) => ask(child, order(index)))),
    async one(index, order) {
      const child = children[index];
      if (!child) throw new RangeError(`there is no process ${index}`);
      return ask(child, order);
    },
    async table() {
      const child = fork(here('table-process.ts'), [String(port)], { execArgv: ['--no-warnings'] });
      children.push(child);
      await heard<Report>(child);
      return (ids) => {
        const answer = heard<Report>(child);
        child.send({ ids });
        return answer;
      };
    },
    async usage() {
      const answer = heard<Usage>(seed);
      seed.send('usage');
      return answer;
    },
    stop() {
      for (const child of [...children, seed]) child.kill('SIGKILL');
    },
  };
}
