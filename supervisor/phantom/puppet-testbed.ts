import { exitCodeOf } from '../guest/exit-status.ts';
import type { Joined, Launch } from '../launches/launch.ts';
import type { Outcome } from '../launches/outcome.ts';
import type { Duty, Overlay } from '../membership/join.ts';
import type { Testbed } from '../seed/overlay-testbed.ts';

/** For tests: a launch with a real phantom and a real node, whose guest does what the test says. */
export interface Puppet {
  readonly launch: Launch;
  readonly signals: string[];
  readonly ended: Promise<void>;
  /** The function joins, and its guest runs and listens. */
  run(ports?: readonly number[]): Promise<void>;
  listen(ports: readonly number[]): Promise<void>;
  exit(code: number): void;
  /** The function disappears without a report, or never connects. */
  die(lastLine: string): void;
}

/** When the function that was started or run last was invoked, as `performance.now()`. */
export interface Clock {
  invokedAt: number;
}

interface PuppetOptions {
  readonly bed: Testbed;
  readonly duty: Duty;
  readonly clock: Clock;
}

/** Joins as a phantom that announces the duty that `announced` has at the time. */
function joinPhantom(bed: Testbed, announced: { readonly duty: Duty }) {
  const phantom = bed.join('worker', {
    join: {
      ...{
        role: 'phantom',
        service: 'worker',
        networks: { front: ['worker'] },
        hostname: '',
        container: 'c',
      },
      get duty() {
        return announced.duty;
      },
    },
  });
  const joined = phantom.then(
    (overlay): Joined => ({ overlay, fetchBy: () => () => Promise.reject(new Error()) }),
  );
  // A launch that is not needed any more may not have joined when the test ends.
  for (const early of [phantom, joined]) early.catch(() => undefined);
  return { phantom, joined };
}

/** Makes a launch that does nothing by itself. */
export function createPuppet({ bed, duty, clock }: PuppetOptions): Puppet {
  const announced = { duty };
  const { phantom, joined } = joinPhantom(bed, announced);
  const started = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<Outcome>();
  const ended = Promise.withResolvers<void>();
  const signals: string[] = [];
  let node: Overlay | undefined;
  const finish = async (result: Outcome) => {
    await node?.leave();
    await phantom.then(
      (overlay) => overlay.leave(),
      () => undefined,
    );
    outcome.resolve(result);
  };
  const deliver = (signal: string) => {
    signals.push(signal);
    if (signal === 'SIGKILL') void finish({ exitCode: exitCodeOf({ code: null, signal }), ofGuest: true });
  };
  return {
    signals,
    ended: ended.promise,
    async run(ports = []) {
      clock.invokedAt = performance.now();
      const { identity, key } = await (await phantom).launch();
      const join = {
        role: 'function' as const,
        service: 'worker',
        networks: {},
        hostname: '',
        container: '',
      };
      node = await bed.join('worker', { identity, key: Buffer.from(key, 'hex'), join });
      await node.setListening(ports);
      started.resolve();
    },
    listen: async (ports) => node?.setListening(ports),
    exit: (code) => void finish({ exitCode: code, ofGuest: true }),
    die: (lastLine) => void finish({ exitCode: 137, lastLine }),
    launch: {
      joined,
      session: started.promise.then(() => ({}) as never),
      started: started.promise,
      gone: outcome.promise.then(() => undefined),
      outcome: outcome.promise,
      invokedAt: () => clock.invokedAt,
      async setDuty(next) {
        announced.duty = next;
        await (await phantom).setDuty(next);
      },
      deliver,
      stop: deliver,
      end() {
        ended.resolve();
        void finish({ exitCode: 1, lastLine: 'ended' });
      },
    },
  };
}
