import { newServiceIdentity, pskOf } from '../control/psk.ts';
import { prepareRemaps } from '../files/prepare-remaps.ts';
import { exitCodeOf } from '../guest/exit-status.ts';
import { forwardSignals } from '../guest/forward-signals.ts';
import { passGate } from '../guest/gate.ts';
import { guestEnvironment, ownEnvironment } from '../guest/guest-environment.ts';
import { startReaper } from '../guest/reaper.ts';
import { startFailureCode, startGuest } from '../guest/start-guest.ts';
import { type Node, startNode } from '../node.ts';
import { type NodeConfig, SEED_CLOUD_NAME, SEED_PORT } from '../published/node-config.ts';
import type { Runtime } from '../runtime.ts';
import { containerIdentity } from './own-names.ts';

/** The seed's container starts before ours; a loaded machine may still take its time. */
const SEED_TIMEOUT_MS = 30_000;

interface ContainerOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
}

async function joinFromContainer(options: ContainerOptions, signal: AbortSignal): Promise<Node> {
  const { config, key, runtime } = options;
  const identity = newServiceIdentity(config.service);
  return startNode({
    addon: runtime.addon,
    seed: { host: SEED_CLOUD_NAME, port: SEED_PORT },
    identity,
    key: pskOf(key, identity),
    join: containerIdentity(config).then((self) => ({ role: 'container', ...self })),
    isFunction: false,
    hostname: '',
    signal,
    retryFor: SEED_TIMEOUT_MS,
  });
}

/** Runs the guest in this container as a node of the overlay. Resolves with its exit code. */
export async function runContainer(options: ContainerOptions): Promise<number> {
  const { config, argv, runtime, say } = options;
  const cancel = new AbortController();
  let deliver = (_signal: NodeJS.Signals): void =>
    cancel.abort(new Error('stopped before the guest started'));
  const stopForwarding = forwardSignals((signal) => deliver(signal));
  const node = await joinFromContainer(options, cancel.signal);
  const reaper = startReaper(runtime.addon);
  try {
    await passGate(node.overlay, config.waitFor, say, cancel.signal);
    await prepareRemaps(config.remap);
    const environment = guestEnvironment(ownEnvironment(), {
      library: runtime.library,
      socketName: node.socketName,
      remap: config.remap,
    });
    const guest = await startGuest({ argv, environment, workingDirectory: process.cwd(), stdio: 'inherit' });
    reaper.keep(guest.pid);
    deliver = (signal) => guest.process.kill(signal);
    return exitCodeOf(await guest.exited);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return startFailureCode(error);
  } finally {
    stopForwarding();
    reaper.close();
    await node.close();
  }
}
