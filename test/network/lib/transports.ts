import type { NatKind } from './nat.ts';

/** Where a node stands: on the internet itself, or behind a gateway of this kind. */
export const PLACES = ['open', 'silent', 'resetting', 'mapped', 'symmetric'] as const;
export type PlaceKind = 'open' | NatKind;

export type Transport = 'direct' | 'punch' | 'relay';

const direct = 'direct';
const punch = 'punch';
const relay = 'relay';

/** From the row's place to the column's, in the order of PLACES. docs/network.md shows the same table. */
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

/** As the table stands in docs/network.md. */
export function transportTable(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['from \\ to', ...PLACES]),
    row(PLACES.map(() => '---').concat('---')),
    ...PLACES.map((from) => row([from, ...TABLE[from]])),
  ].join('\n');
}

/** What carried a connection whose packets went to `remote` (address:port), when the guest asked for `port` of a host. */
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
