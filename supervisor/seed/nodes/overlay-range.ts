import { MAX_NODE_ID } from '../../protocol/fields.ts';
import { BoxerError } from '../../published/boxer-error.ts';

/** The overlay's IPv4 range: nodes are in the lower half, hosts outside the overlay in the upper half. */
export interface OverlayRange {
  readonly cidr: string;
  readonly base: number;
  /** Number of addresses, a power of two. */
  readonly size: number;
}

/** @throws BoxerError CONFIG if `cidr` is not an IPv4 range of 16 to 2^24 addresses. */
export function parseRange(cidr: string): OverlayRange {
  const [, address = '', bits = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr) ?? [];
  const base = toNumber(address);
  const size = 2 ** (32 - Number(bits));
  if (base === undefined || size < 16 || size > 2 ** 24)
    throw new BoxerError('CONFIG', `overlay: ${cidr} is not an IPv4 range from /8 to /28`);
  return { cidr, base: base - (base % size), size };
}

/** Returns the highest node id for which the range has an address. */
export function lastNodeId({ size }: OverlayRange): number {
  return Math.min(MAX_NODE_ID, size / 2 - 1);
}

export function addressAt({ base }: OverlayRange, offset: number): string {
  const address = base + offset;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Returns the offset of the address in the range; undefined outside the range. */
export function offsetOf({ base, size }: OverlayRange, address: string): number | undefined {
  const number = toNumber(address);
  if (number === undefined) return undefined;
  const offset = number - base;
  return offset >= 0 && offset < size ? offset : undefined;
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255))
    return undefined;
  return parts.reduce((number, part) => number * 256 + part, 0);
}
