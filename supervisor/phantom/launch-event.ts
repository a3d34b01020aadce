import { hostname } from 'node:os';
import type { Overlay } from '../coordination/join.ts';
import { collectFiles, mountPoints } from '../files/travelling-files.ts';
import { ownEnvironment } from '../guest/guest-environment.ts';
import { travellingEnvironment } from '../published/environment-filter.ts';
import type { NodeConfig } from '../published/node-config.ts';
import type { LaunchEvent } from './event.ts';
import type { SessionServer } from './session-server.ts';

/** What a function needs to know: the guest as this container would start it, and how to reach the seed and us. */
export async function launchEventOf(
  { config, argv }: { readonly config: NodeConfig; readonly argv: readonly string[] },
  overlay: Overlay,
  server: SessionServer,
): Promise<LaunchEvent> {
  const launch = await overlay.launch();
  const mounts = await mountPoints(config.files ?? []);
  return {
    boxer: 1,
    seed: { ...overlay.seed, identity: launch.identity, key: launch.key },
    session: {
      addresses: [overlay.local.address],
      port: server.port,
      identity: server.identity,
      key: server.key,
    },
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
