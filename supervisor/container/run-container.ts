import { type Discovery, startDiscovery } from '../discovery/start-discovery.ts';
import { prepareRemaps } from '../files/prepare-remaps.ts';
import { exitCodeOf } from '../guest/exit-status.ts';
import { forwardSignals } from '../guest/forward-signals.ts';
import { passGate } from '../guest/gate.ts';
import { guestEnvironment } from '../guest/guest-environment.ts';
import { ownEnvironment } from '../guest/own-environment.ts';
import { warnIfUnseen } from '../guest/program/warning.ts';
import { startReaper } from '../guest/reaper.ts';
import { startFailureCode, startGuest } from '../guest/start-guest.ts';
import { containerIdentity } from '../identity/own-names.ts';
import { seedContact } from '../identity/seed-contact.ts';
import type { Logger } from '../log/logger.ts';
import { type Node, startNode } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import { messageOf } from '../published/message-of.ts';
import type { NodeConfig } from '../published/node-config.ts';

interface ContainerOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly runtime: Runtime;
  readonly log: Logger;
}

async function joinFromContainer(options: ContainerOptions, signal: AbortSignal): Promise<Node> {
  const { config, key, runtime } = options;
  return startNode({
    ...seedContact(config.service, key),
    addon: runtime.addon,
    join: containerIdentity(config).then((self) => ({ role: 'container', ...self })),
    isFunction: false,
    hostname: '',
    signal,
  });
}

/** Runs the guest in this container as a node of the overlay. Resolves with its exit code. */
export async function runContainer(options: ContainerOptions): Promise<number> {
  const { config, argv, runtime, log } = options;
  const cancel = new AbortController();
  let deliver = (_signal: NodeJS.Signals): void =>
    cancel.abort(new Error('stopped before the guest started'));
  const stopForwarding = forwardSignals((signal) => deliver(signal));
  const node = await joinFromContainer(options, cancel.signal);
  const reaper = startReaper(runtime.addon);
  let discovery: Discovery | undefined;
  try {
    await passGate(node.overlay, config.waitFor, log.info, cancel.signal);
    discovery = await startDiscovery(node.overlay, log.warn);
    await prepareRemaps(config.remap, log.warn);
    const remap = { ...discovery.remap, ...config.remap };
    const { socketName, overlay } = node;
    const environment = guestEnvironment(ownEnvironment(), { library: runtime.library, socketName, remap });
    const workingDirectory = process.cwd();
    const start = { argv, environment, workingDirectory, remap };
    warnIfUnseen({ ...start, isFunction: false, overlay: overlay.overlay }, log.warn);
    const guest = await startGuest({ ...start, addon: runtime.addon, stdio: 'inherit' });
    reaper.keep(guest.pid);
    deliver = (signal) => guest.process.kill(signal);
    return exitCodeOf(await guest.exited);
  } catch (error) {
    log.error(messageOf(error));
    return startFailureCode(error);
  } finally {
    stopForwarding();
    reaper.close();
    await discovery?.close();
    await node.close();
  }
}
