import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import * as z from 'zod/mini';
import { serviceKey } from '../../../supervisor/control/psk.ts';
import {
  CONFIG_VARIABLE,
  type NodeConfig,
  type NodeStatus,
  nodeEvent,
  nodeStatus,
  RELAY_SERVICE,
  type RelayConfig,
  SEED_CLOUD_NAME,
  SEED_PORT,
  type SeedConfig,
} from '../../../supervisor/published/node-config.ts';
import type { Bed, Host } from './bed.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { runTool, startHelper } from './helper.ts';
import { createPlace } from './place.ts';
import { type Shell, startShell } from './shell.ts';

const COMMAND = ['/opt/boxer/bin/boxer'];

/** A node of the overlay whose guest is a shell. */
export interface BoxedNode extends Shell {
  readonly name: string;
  readonly host: Host;
  /** What the supervisor and the guest's first process have printed. */
  readonly log: readonly string[];
}

/** A seed and its nodes. Each of them is the real program in namespaces of its own. */
export interface TestOverlay {
  readonly seed: { readonly host: Host; readonly pid: number; readonly log: readonly string[] };
  /**
   * Starts a node on `host`. `isInside`: the host is on the network of a seed that is behind a gateway, and
   * the node reaches the seed by its private address.
   */
  node(name: string, host: Host, options?: { isInside?: boolean }): Promise<BoxedNode>;
  /** Resolves to the nodes that `boxer nodes --json` prints. */
  nodes(): Promise<NodeStatus[]>;
  /** Resolves when `wanted` returns true for the nodes, mapped by name. Rejects after `timeout` ms. */
  until(wanted: (nodes: ReadonlyMap<string, NodeStatus>) => boolean, timeout?: number): Promise<void>;
  /** Sends the seed `signal`, SIGKILL by default, and waits for its end. */
  stopSeed(signal?: NodeJS.Signals): Promise<void>;
  startSeed(): Promise<void>;
  /** Starts a standalone relay on `host`. Resolves when the relay has joined the seed. */
  relay(host: Host): Promise<Daemon>;
}

const SEED_CONFIG: SeedConfig = {
  version: 1,
  project: 'bed',
  overlay: '198.18.0.0/15',
  port: SEED_PORT,
  gateways: [],
};

/** Limits the bytes that a flow may leave unread, with the setting that seed and relay containers have. */
const boundBuffers = (host: Host) =>
  host.namespace.run("echo '4096 131072 4194304' >/proc/sys/net/ipv4/tcp_rmem");

interface OverlayOptions {
  /** The host of the seed; by default a new host on the internet. */
  readonly host?: Host;
  readonly config?: Partial<SeedConfig>;
}

/** Starts the seed. */
export async function startOverlay(bed: Bed, options: OverlayOptions = {}): Promise<TestOverlay> {
  const projectKey = randomBytes(32);
  const host = options.host ?? (await bed.host());
  await boundBuffers(host);
  // The folder outlives the seed, as the project's volume does. It is not in /tmp, because each place has its
  // own /tmp.
  const folder = await mkdtemp('/var/tmp/boxer-store-');
  bed.own(() => rm(folder, { recursive: true, force: true }));
  const seed = await startDaemon(bed, host, {
    hostname: 'seed',
    key: projectKey.toString('hex'),
    argv: [...COMMAND, 'seed'],
    env: { [CONFIG_VARIABLE]: JSON.stringify({ ...SEED_CONFIG, store: { folder }, ...options.config }) },
    ready: (line) => line.includes('listens on port'),
  });
  const relayConfig: RelayConfig = { version: 1, project: SEED_CONFIG.project };
  return {
    seed: {
      host,
      log: seed.log,
      get pid() {
        return seed.pid;
      },
    },
    stopSeed: seed.kill,
    startSeed: seed.start,
    async relay(at) {
      await boundBuffers(at);
      return startDaemon(bed, at, {
        hostname: 'relay',
        hosts: { [SEED_CLOUD_NAME]: host.address },
        key: serviceKey(projectKey, RELAY_SERVICE).toString('hex'),
        argv: [...COMMAND, 'relay'],
        env: { [CONFIG_VARIABLE]: JSON.stringify(relayConfig) },
        ready: (line) => line.includes('the seed has this relay'),
      });
    },
    node: (name, at, { isInside = false } = {}) => {
      const seed = isInside ? host.address : host.publicAddress;
      return startNode(bed, { name, host: at, seed, projectKey });
    },
    nodes: () => nodesOf(seed.pid),
    until: (wanted, timeout = 30_000) => waitUntil(seed.pid, wanted, timeout),
  };
}

function insideSeed(pid: number): string[] {
  const variable = ['env', `${CONFIG_VARIABLE}=${JSON.stringify(SEED_CONFIG)}`];
  return ['nsenter', `--target=${pid}`, '--net', '--mount', '--wd=/', ...variable];
}

async function nodesOf(pid: number): Promise<NodeStatus[]> {
  const printed = await runTool([...insideSeed(pid), ...COMMAND, 'nodes', '--json']);
  return z.array(nodeStatus).parse(JSON.parse(printed));
}

async function waitUntil(
  pid: number,
  wanted: (nodes: ReadonlyMap<string, NodeStatus>) => boolean,
  timeout: number,
): Promise<void> {
  const nodes = new Map<string, NodeStatus>();
  /** The services about which an event has come. */
  const reported = new Set<string>();
  let present: readonly NodeStatus[] | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const fail = () =>
    reject(new Error(`not within ${timeout} ms; the nodes are ${JSON.stringify([...nodes.values()])}`));
  const timer = setTimeout(fail, timeout);
  promise.catch(() => undefined); // The promise may reject before it is awaited.
  // The first events describe the present nodes, but do not say which of them is last. `present` does.
  const check = () => present?.every(({ service }) => reported.has(service)) && wanted(nodes) && resolve();
  // `nodes --watch` prints nothing while there is no node, so the shell reports that it starts.
  const watching = ['sh', '-c', 'echo watching; exec "$@"', 'sh', ...COMMAND, 'nodes', '--watch'];
  const helper = await startHelper([...insideSeed(pid), ...watching], {
    ready: (line) => line === 'watching',
    onLine(line) {
      if (!line.startsWith('{')) return;
      const { event, node } = nodeEvent.parse(JSON.parse(line));
      reported.add(node.service);
      first.resolve();
      if (event === 'left') nodes.delete(node.service);
      else nodes.set(node.service, node);
      check();
    },
  });
  try {
    // After the first event, there is an event for each node that leaves.
    if ((await nodesOf(pid)).length > 0) await Promise.race([first.promise, promise]);
    // This list only says which nodes are present. Its other facts may be older than those of the events.
    present = await nodesOf(pid);
    check();
    await promise;
  } finally {
    clearTimeout(timer);
    await helper.stop(0);
  }
}

interface NodeOptions {
  readonly name: string;
  readonly host: Host;
  /** Address of the seed, as the node reaches it. */
  readonly seed: string;
  readonly projectKey: Buffer;
}

async function startNode(bed: Bed, { name, host, seed, projectKey }: NodeOptions): Promise<BoxedNode> {
  const config: NodeConfig = {
    version: 1,
    project: SEED_CONFIG.project,
    service: name,
    networks: { default: [name] },
    environment: { include: [], exclude: [] },
    remap: {},
  };
  const place = await createPlace(bed, host, {
    hostname: name,
    hosts: { [SEED_CLOUD_NAME]: seed },
    key: serviceKey(projectKey, name).toString('hex'),
  });
  const log: string[] = [];
  const shell = await startShell(place, {
    under: [...COMMAND, 'node', '--'],
    env: { [CONFIG_VARIABLE]: JSON.stringify(config) },
    onLine: (line) => log.push(line),
  });
  bed.own(shell.close);
  // The guest starts before its node has joined, and waits here until the node has joined.
  await shell.exec('cat', '/etc/boxer/self');
  return { ...shell, pid: shell.pid, name, host, log };
}

/** A shell on `host` without Boxer. */
export async function startNative(
  bed: Bed,
  host: Host,
  hostname: string,
  hosts: Readonly<Record<string, string>> = {},
): Promise<Shell> {
  const place = await createPlace(bed, host, { hostname, hosts });
  const shell = await startShell(place);
  bed.own(shell.close);
  return { ...shell, pid: shell.pid };
}
