import type { NatKind } from './nat.ts';

/** Where a node's host is: `open` is on the internet, any other is behind a gateway of that kind. */
export const PLACES = ['open', 'silent', 'resetting', 'mapped', 'symmetric'] as const;
export type PlaceKind = 'open' | NatKind;

export type Transport = 'direct' | 'punch' | 'relay';

const direct = 'direct';
const punch = 'punch';
const relay = 'relay';

/**
 * The transports from a row's place to the places in the order of PLACES. docs/network.md shows the same
 * table.
 */
const TABLE: Readonly<Record<PlaceKind, readonly Transport[]>> = {
  open: [direct, punch, relay, punch, relay],
  silent: [direct, punch, punch, punch, relay],
  resetting: [direct, punch, relay, punch, relay],
  mapped: [direct, punch, punch, punch, relay],
  symmetric: [direct, relay, relay, relay, relay],
};

export function expectedTransport(from: PlaceKind, to: PlaceKind): Transport {
  return TABLE[from][PLACES.indexOf(to)] ?? relay;
}

/** The table as it is in docs/network.md. */
export function transportTable(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['from \\ to', ...PLACES]),
    row(PLACES.map(() => '---').concat('---')),
    ...PLACES.map((from) => row([from, ...TABLE[from]])),
  ].join('\n');
}

/**
 * The transport of a connection whose packets went to `remote` (address:port), if the guest connected to
 * `port` of the host with `publicAddress`.
 */
export function transportOf(
  remote: string,
  { seed, publicAddress, port }: { seed: string; publicAddress: string; port: number },
): Transport | `unexpected ${string}` {
  if (remote.startsWith(`${seed}:`)) return relay;
  if (remote === `${publicAddress}:${port}`) return direct;
  return remote.startsWith(`${publicAddress}:`) || remote.startsWith('192.168.')
    ? punch
    : `unexpected ${remote}`;
}
