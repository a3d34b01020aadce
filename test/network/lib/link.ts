import { startHelper } from './helper.ts';
import type { Namespace } from './namespace.ts';
import { compiled } from './programs.ts';

/** How a link treats frames that go towards the internet. Times are in ms; probabilities are from 0 to 1. */
export interface LinkShape {
  readonly delay?: number;
  readonly jitter?: number;
  /** Applies to both directions. */
  readonly loss?: number;
  readonly reorder?: number;
}

/** A link between a host's device and a port of a bridge. */
export interface Link {
  /** Drops all frames in both directions. Both ends keep their carriers. */
  cut(): Promise<void>;
  heal(): Promise<void>;
  remove(): Promise<void>;
}

interface End {
  readonly namespace: Namespace;
  readonly device: string;
}

const isPlain = ({ delay = 0, jitter = 0, loss = 0, reorder = 0 }: LinkShape) =>
  delay + jitter + loss + reorder === 0;

/**
 * Connects `end` with `port`, a new port of `bridge`. A link without a shape is a veth pair. The frames of
 * any other link pass through a process.
 */
export async function createLink(
  end: End,
  port: End,
  bridge: string,
  shape: LinkShape = {},
  isolated = false,
): Promise<Link> {
  const { run } = port.namespace;
  const stop = isPlain(shape) ? await plainLink(end, port) : await shapedLink(end, port, shape);
  const attach = `ip link set ${port.device} master ${bridge}\n${
    isolated ? `bridge link set dev ${port.device} isolated on\n` : ''
  }`;
  await Promise.all([
    run(`${attach}ip link set ${port.device} up`),
    end.namespace.run(`ip link set ${end.device} up`),
  ]);
  return {
    // A port that belongs to no bridge drops all frames.
    cut: async () => void (await run(`ip link set ${port.device} nomaster`)),
    heal: async () => void (await run(attach)),
    remove: stop,
  };
}

async function plainLink(end: End, port: End): Promise<() => Promise<void>> {
  await port.namespace.run(
    `ip link add ${port.device} type veth peer name ${end.device} netns ${end.namespace.pid}`,
  );
  return async () => undefined; // The link is removed with either namespace.
}

async function shapedLink(end: End, port: End, shape: LinkShape): Promise<() => Promise<void>> {
  const { delay = 0, jitter = 0, loss = 0, reorder = 0 } = shape;
  const numbers = [delay * 1e3, jitter * 1e3, loss * 1e6, reorder * 1e6].map((value) =>
    String(Math.round(value)),
  );
  const ends = [end, port].flatMap(({ namespace, device }) => [namespace.path, device]);
  const helper = await startHelper([await compiled('delayed-link'), ...ends, ...numbers], {
    ready: (line) => line === 'ready',
  });
  return () => helper.stop();
}
