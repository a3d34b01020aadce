/** `a.b.c.d` as an unsigned 32-bit number. */
export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** The host addresses of the network `address`/`prefix`, from the highest to the lowest one. */
export function* hostsFromTheTop(address: string, prefix: number): Generator<string, undefined> {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(address) / size) * size;
  // The last address is the broadcast address, and the first one is that of the network.
  for (let host = first + size - 2; host > first; host--) yield toAddress(host);
  return undefined;
}
