import { networkInterfaces } from 'node:os';
import { imageNameOf, listContainers } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';

/** This container as the Engine sees it on the network that stands for the internet. */
export interface OwnContainer {
  /**
   * References to its image: the id, and the name with which it was run, which may name a newer image now.
   */
  readonly images: readonly string[];
  readonly network: string;
  /** The name of this container's interface on the network. */
  readonly device: string;
  readonly address: string;
  readonly prefix: number;
  readonly mac: string;
  /** Absent on an `internal` network. */
  readonly gateway: string | undefined;
}

/**
 * Finds the container in which this process runs by the addresses of its interfaces, because a user may have
 * set the host name, and cgroup paths differ between Engines. `network` is needed if the container is on
 * several networks.
 */
export async function findOwnContainer(engine: Engine, network?: string): Promise<OwnContainer> {
  const links = Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    addresses.filter((each) => each.family === 'IPv4' && !each.internal).map((each) => ({ device, ...each })),
  );
  const containers = await listContainers(engine);
  const found = containers.flatMap((container) =>
    Object.entries(container.NetworkSettings.Networks).flatMap(([name, endpoint]) =>
      links
        .filter((link) => link.address === endpoint.IPAddress && link.mac === endpoint.MacAddress)
        .map((link) => ({ id: container.Id, imageId: container.ImageID, name, endpoint, link })),
    ),
  );
  const matching = found.filter(({ name }) => network === undefined || name === network);
  const [own] = matching;
  if (own === undefined || matching.length > 1) {
    const names = found.map(({ name }) => name).join(', ') || 'none';
    throw new Error(
      `The local Lambda needs exactly one Docker network that stands for the internet; found: ${names}. ` +
        'Run it in a container on one bridge network, or choose a network with LAMBDA_LOCAL_NETWORK',
    );
  }
  return {
    images: [own.imageId, await imageNameOf(engine, own.id)],
    network: own.name,
    device: own.link.device,
    address: own.link.address,
    prefix: Number(own.link.cidr?.split('/')[1]),
    mac: own.link.mac,
    gateway: own.endpoint.Gateway || undefined,
  };
}
