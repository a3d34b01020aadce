import type { Log } from '../base/log.ts';
import { messageOf } from '../base/log.ts';
import type { Addresses } from './addresses.ts';
import type { Gateway } from './gateway.ts';

/** Gateways that are made in advance, because making one takes longer than a warm start may take. */
export interface GatewayPool {
  /** A gateway that the caller owns from then on. Its `remove()` also gives back its address. */
  take(): Promise<Gateway>;
  /** Whether `address` is the public address of a gateway that has not been removed. */
  isMember(address: string): boolean;
}

/**
 * Keeps `size` gateways ready. Gateways that were taken are replaced one after the other, so that making them
 * does not slow down a burst of starts. `make` makes a gateway from a name and an address.
 */
export function createGatewayPool(
  size: number,
  addresses: Addresses,
  make: (name: string, address: string) => Promise<Gateway>,
  log: Log,
): GatewayPool {
  const ready: Gateway[] = [];
  let filling = false;
  const members = new Set<string>();
  let made = 0;

  const makeOne = async (): Promise<Gateway> => {
    const address = await addresses.take();
    // The name is that of a link as well: it has to be unique in the network namespace, and to have at most
    // 15 characters.
    const gateway = await make(`gw${made++}`, address);
    members.add(address);
    const remove = async () => {
      members.delete(address);
      await gateway.remove();
      addresses.give(address);
    };
    return { ...gateway, remove };
  };

  const fill = async () => {
    if (filling) return;
    filling = true;
    try {
      while (ready.length < size) ready.push(await makeOne());
    } catch (error) {
      log.warn('cannot prepare a gateway', { reason: messageOf(error) });
    } finally {
      filling = false;
    }
  };

  void fill();
  return {
    take: async () => {
      const gateway = ready.shift() ?? (await makeOne());
      void fill();
      return gateway;
    },
    isMember: (address) => members.has(address),
  };
}
