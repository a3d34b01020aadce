import { hostname } from 'node:os';
import { domainOf, withDomain } from '../published/network-domain.ts';
import type { NodeConfig } from '../published/node-config.ts';
import { ownContainerId, ownContainerName } from './own-container.ts';

/** The identity that a node in a container announces when it joins. */
export interface ContainerIdentity {
  readonly service: string;
  readonly networks: Record<string, string[]>;
  readonly hostname: string;
  readonly container: string;
}

/**
 * Matches container names of `docker compose run`. As with Compose, such a container has no service names.
 */
const ONE_OFF = /-run-[0-9a-f]{12}$/;

/** Whether `docker compose run` made this container. */
export const isOneOff = async (): Promise<boolean> => ONE_OFF.test((await ownContainerName()) ?? '');

/**
 * The names from the rewrite, and the names that Docker gave this replica: host name, short id, container
 * name.
 */
export async function containerIdentity(config: NodeConfig): Promise<ContainerIdentity> {
  const container = ownContainerId();
  const containerName = (await ownContainerName()) ?? '';
  const replica = [hostname(), container.slice(0, 12), containerName].filter((name) => name !== '');
  const oneOff = ONE_OFF.test(containerName);
  const networks = Object.fromEntries(
    Object.entries(config.networks).map(([network, names]) => {
      const domain = domainOf(config.service, names);
      const own = domain === undefined ? replica : withDomain(replica, domain);
      return [network, [...new Set(oneOff ? own : [...names, ...own])]];
    }),
  );
  return { service: config.service, networks, hostname: hostname(), container };
}
