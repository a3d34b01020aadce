import { hostname } from 'node:os';
import type { NodeConfig } from '../published/node-config.ts';
import { ownContainerId, ownContainerName } from './own-container.ts';

/** What a node that starts in a container says of itself when it joins. */
export interface ContainerIdentity {
  readonly service: string;
  readonly networks: Record<string, string[]>;
  readonly hostname: string;
  readonly container: string;
}

/** The names of the rewrite, and those that Docker gave this one replica: host name, short id, container name. */
export async function containerIdentity(config: NodeConfig): Promise<ContainerIdentity> {
  const container = ownContainerId();
  const replica = [hostname(), container.slice(0, 12), (await ownContainerName()) ?? ''].filter(
    (name) => name !== '',
  );
  const networks = Object.fromEntries(
    Object.entries(config.networks).map(([network, names]) => [
      network,
      [...new Set([...names, ...replica])],
    ]),
  );
  return { service: config.service, networks, hostname: hostname(), container };
}
