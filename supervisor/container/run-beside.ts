import { type Discovery, startDiscovery } from '../discovery/start-discovery.ts';
import { ownEnvironment } from '../guest/own-environment.ts';
import { warnIfUnseen } from '../guest/program/warning.ts';
import { containerIdentity } from '../identity/own-names.ts';
import { seedContact } from '../identity/seed-contact.ts';
import type { Logger } from '../log/logger.ts';
import { startNode } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { OpenSocket } from '../service/server.ts';

interface BesideOptions {
  readonly config: NodeConfig;
  /** The command line of the guest, which the launcher has started. */
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly runtime: Runtime;
  readonly log: Logger;
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
  const { config, argv, key, runtime, log, openSocket, ended } = options;
  let discovery: Discovery | undefined;
  try {
    const node = await startNode({
      ...seedContact(config.service, key),
      addon: runtime.addon,
      join: containerIdentity(config).then((self) => ({ role: 'container', ...self })),
      isFunction: false,
      hostname: '',
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
