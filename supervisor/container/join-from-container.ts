import { containerIdentity } from '../identity/own-names.ts';
import { seedContact } from '../identity/seed-contact.ts';
import type { Logger } from '../log/logger.ts';
import { type Node, type NodeOptions, startNode } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import type { NodeConfig } from '../published/node-config.ts';

/** What a boxed container is: its configuration, its guest's command line, and its key. */
export interface ContainerOptions {
  readonly config: NodeConfig;
  readonly argv: readonly string[];
  readonly key: Buffer;
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** Joins the overlay as this container. Rejects as `startNode` does. */
export function joinFromContainer(
  { config, key, runtime }: ContainerOptions,
  options: Pick<NodeOptions, 'signal' | 'openSocket' | 'beforeServing'>,
): Promise<Node> {
  return startNode({
    ...seedContact(config.service, key),
    addon: runtime.addon,
    join: containerIdentity(config).then((self) => ({ role: 'container', ...self })),
    isFunction: false,
    hostname: '',
    ...options,
  });
}
