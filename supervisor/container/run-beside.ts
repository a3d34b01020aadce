import { type Discovery, startDiscovery } from '../discovery/start-discovery.ts';
import { ownEnvironment } from '../guest/own-environment.ts';
import { warnIfUnseen } from '../guest/program/warning.ts';
import type { OpenSocket } from '../service/server.ts';
import { type ContainerOptions, joinFromContainer } from './join-from-container.ts';

interface BesideOptions extends ContainerOptions {
  /** The guest's process monitors wait here. */
  readonly openSocket: OpenSocket;
  /** Aborts when the guest has ended. */
  readonly ended: AbortSignal;
}

/**
 * Serves a guest that the launcher has started beside this process (`shim-c/launcher/init.c`), until it has
 * ended. Rejects if the node cannot join.
 */
export async function runBeside(options: BesideOptions): Promise<void> {
  const { argv, log, openSocket, ended } = options;
  let discovery: Discovery | undefined;
  try {
    const node = await joinFromContainer(options, {
      signal: ended,
      openSocket,
      async beforeServing(overlay) {
        discovery = await startDiscovery(overlay, log.warn);
      },
    });
    const place = { isFunction: false, workingDirectory: process.cwd(), remap: {} };
    const { overlay } = node.overlay;
    warnIfUnseen({ argv, environment: ownEnvironment(), ...place, overlay }, log.warn);
    await aborted(ended);
    await node.close();
  } finally {
    await discovery?.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
