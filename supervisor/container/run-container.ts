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
import { messageOf } from '../published/message-of.ts';
import { type ContainerOptions, joinFromContainer } from './join-from-container.ts';

/** Runs the guest in this container as a node of the overlay. Resolves with its exit code. */
export async function runContainer(options: ContainerOptions): Promise<number> {
  const { config, argv, runtime, log } = options;
  const cancel = new AbortController();
  let deliver = (_signal: NodeJS.Signals): void =>
    cancel.abort(new Error('stopped before the guest started'));
  const stopForwarding = forwardSignals((signal) => deliver(signal));
  const node = await joinFromContainer(options, { signal: cancel.signal });
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
