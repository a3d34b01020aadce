import { networkInterfaces } from 'node:os';
import { imageNameOf, listContainers } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';

/** This container as the Engine sees it, on the one network that stands for the internet. */
export interface OwnContainer {
  /** What its image may be found by: its id, and the name that it was run by, which may lead to a newer one. */
  readonly images: readonly string[];
  readonly network: string;
  /** Name of the interface on that network inside this container. */
  readonly device: string;
  readonly address: string;
  readonly prefix: number;
  readonly mac: string;
  /** Absent on an `internal` network. */
  readonly gateway: string | undefined;
}

/**
 * Finds the container that this process runs in by the addresses of its interfaces: a host name may have been
 * set by the user, and cgroup paths differ between Engines. `network` chooses if there are several.
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
      `Needs exactly one Docker network to stand for the internet; found: ${names}. ` +
        'Run in a container on one bridge network, or choose one with LAMBDA_LOCAL_NETWORK',
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
