import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Engine } from '../engine/engine.ts';
import { hostsFromTheTop } from './ipv4.ts';
import type { OwnContainer } from './own-container.ts';
import { PUBLIC_BRIDGE } from './public-bridge.ts';

/** The pool of public addresses for gateways. */
export interface Addresses {
  /** Rejects when the Docker network has none left. */
  take(): Promise<string>;
  give(address: string): void;
}

/** How many addresses are examined at once. */
const BLOCK = 32;
/**
 * An address is free if nobody answers ARP for this long, in ms. Neighbours on a bridge answer within
 * microseconds.
 */
const ARP_SILENCE = 200;
const DISCARD_PORT = 9;

/**
 * Takes addresses from the end of the Docker network's subnet downwards, because Docker takes its own from
 * the beginning. Skips an address that the Engine knows to be in use, and an address whose owner answers ARP.
 */
export function createAddresses(engine: Engine, own: OwnContainer): Addresses {
  const candidates: Iterator<string, undefined> = hostsFromTheTop(own.address, own.prefix);
  const free: string[] = [];
  let search: Promise<void> | undefined;

  let exhausted = false;

  const examineBlock = async () => {
    const taken = await addressesOf(engine, own);
    const block: string[] = [];
    while (block.length < BLOCK && !exhausted) {
      const { value, done } = candidates.next();
      exhausted = done === true;
      if (value !== undefined && !taken.has(value)) block.push(value);
    }
    const answering = await answeringArp(block);
    free.push(...block.filter((address) => !answering.has(address)));
  };

  const examineMore = () => {
    search ??= examineBlock().finally(() => {
      search = undefined;
    });
    return search;
  };

  return {
    take: async () => {
      while (free.length === 0 && !exhausted) await examineMore();
      const address = free.shift();
      if (address === undefined) throw new Error(`No free address is left in network ${own.network}`);
      // Searches for more before none is left. A caller that needs an address waits for the same search and
      // sees its error.
      if (free.length < BLOCK / 4 && !exhausted) examineMore().catch(() => {});
      return address;
    },
    // An address that is given back goes to the end, so that it is not used again at once.
    give: (address) => free.push(address),
  };
}

const network = z.object({
  Containers: z.optional(z.nullable(z.record(z.string(), z.object({ IPv4Address: z.string() })))),
});

/**
 * The addresses that the Engine has assigned on this network, and those of this container and the gateway.
 */
async function addressesOf(engine: Engine, own: OwnContainer): Promise<Set<string>> {
  const answer = await engine.call('GET', `/networks/${encodeURIComponent(own.network)}`);
  const containers = Object.values(network.parse(answer).Containers ?? {});
  return new Set([
    own.address,
    ...(own.gateway === undefined ? [] : [own.gateway]),
    ...containers.map((each) => each.IPv4Address.split('/')[0] ?? ''),
  ]);
}

/** Makes the kernel send ARP requests for `addresses`, and resolves to those that have an owner. */
async function answeringArp(addresses: readonly string[]): Promise<Set<string>> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(0);
  await once(socket, 'listening');
  for (const address of addresses) socket.send('', DISCARD_PORT, address, () => {});
  await delay(ARP_SILENCE);
  socket.close();
  const entries = (await readFile('/proc/net/arp', 'utf8')).split('\n').map((line) => line.split(/\s+/));
  const resolved = entries.filter(([, , flags, , , device]) => device === PUBLIC_BRIDGE && flags !== '0x0');
  return new Set(resolved.map(([address = '']) => address));
}
