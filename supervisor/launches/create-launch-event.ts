import { hostname } from 'node:os';
import { collectFiles, mountPoints } from '../files/travelling-files.ts';
import { ownEnvironment } from '../guest/own-environment.ts';
import type { Overlay } from '../membership/join.ts';
import type { LaunchEvent } from '../protocol/launch-event.ts';
import type { Launched } from '../protocol/phantom.ts';
import { travellingEnvironment } from '../published/environment-filter.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { SessionServer } from './session-server.ts';

/**
 * The event that a function is invoked with: the guest as this container would start it, and the addresses of
 * the seed and of this container.
 */
export async function createLaunchEvent(
  { config, argv }: { readonly config: NodeConfig; readonly argv: readonly string[] },
  overlay: Overlay,
  server: SessionServer,
  launch: Launched,
): Promise<LaunchEvent> {
  const mounts = await mountPoints(config.files ?? []);
  return {
    boxer: 1,
    seed: { ...(launch.outside?.seed ?? overlay.seed), identity: launch.identity, key: launch.key },
    session: { ...sessionPlace(overlay, server, launch), identity: server.identity, key: server.key },
    service: config.service,
    hostname: hostname(),
    argv: [...argv],
    environment: travellingEnvironment(ownEnvironment(), config.environment),
    workingDirectory: process.cwd(),
    remap: config.remap,
    mounts,
    files: await collectFiles(mounts),
    waitFor: config.waitFor,
  };
}

function sessionPlace(overlay: Overlay, server: SessionServer, { outside }: Launched) {
  if (!outside) return { addresses: [overlay.local.address], port: server.port };
  return { addresses: [outside.seed.address], port: outside.relay, token: server.token };
}
