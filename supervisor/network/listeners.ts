import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A guest's listening TCP socket as the kernel reports it. */
export interface Listener {
  readonly port: number;
  readonly family: 4 | 6;
  /** Where a local connection reaches it, dotted IPv4. */
  readonly reach: string;
  readonly loopbackOnly: boolean;
}

const LISTEN_STATE = '0A';
const MAPPED_PREFIX = '0000000000000000FFFF0000';

/** `/proc/net/tcp` prints each 32-bit word of an address in host (little endian) order. */
function ipv4OfHex(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

function reachOf(hexAddress: string): string | undefined {
  if (/^0+$/.test(hexAddress)) return '127.0.0.1';
  if (hexAddress.length === 8) return ipv4OfHex(hexAddress);
  if (hexAddress.startsWith(MAPPED_PREFIX)) {
    const address = ipv4OfHex(hexAddress.slice(24));
    return address === '0.0.0.0' ? '127.0.0.1' : address;
  }
  return undefined; // A real IPv6 address: nothing of the overlay arrives there.
}

/** Parses `/proc/net/tcp` or `/proc/net/tcp6`; lines that are not understood are left out. */
export function parseListeners(text: string, family: 4 | 6): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    const [address, port] = local?.split(':') ?? [];
    if (state !== LISTEN_STATE || address === undefined || port === undefined) return [];
    const reach = reachOf(address);
    if (reach === undefined) return [];
    const wildcard =
      /^0+$/.test(address) || (address.startsWith(MAPPED_PREFIX) && address.endsWith('00000000'));
    return [
      { port: Number.parseInt(port, 16), family, reach, loopbackOnly: !wildcard && reach.startsWith('127.') },
    ];
  });
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // No IPv6 in this kernel.
  }
}

/** The listening sockets of this network namespace by port, IPv4 before IPv6; loopback-only ones are left out. */
export function readListeners(): Map<number, Listener> {
  const found = [
    ...parseListeners(readTable('/proc/self/net/tcp6'), 6),
    ...parseListeners(readTable('/proc/self/net/tcp'), 4),
  ];
  return new Map(
    found.filter((listener) => !listener.loopbackOnly).map((listener) => [listener.port, listener]),
  );
}

/** The listening sockets as last seen. Looking costs the kernel a walk over its whole table of connections: milliseconds. */
export interface ListenerView {
  at(port: number): Listener | undefined;
  /**
   * As `at`, but the kernel is asked before the answer is that nobody listens: a server that closes its listener and
   * opens it anew (iperf3, between two tests) is refused by nobody in between.
   */
  find(port: number): Promise<Listener | undefined>;
  /** Looks again. */
  refresh(): void;
  /** As last seen, ascending. */
  ports(): readonly number[];
}

/** Looks for the sake of closed ports may take one part in so many of the time. */
const REST = 10;

export function createListenerView(): ListenerView {
  let listeners = new Map<number, Listener>();
  let restUntil = 0;
  let nextLook: Promise<void> | undefined;

  function look(): void {
    const started = performance.now();
    listeners = readListeners();
    const ended = performance.now();
    restUntil = ended + (REST - 1) * (ended - started);
  }

  /** One look for all who ask before it begins. */
  async function lookSoon(): Promise<void> {
    await delay(Math.max(0, restUntil - performance.now()));
    nextLook = undefined;
    look();
  }

  return {
    at: (port) => listeners.get(port),
    async find(port) {
      if (!listeners.has(port)) {
        nextLook ??= lookSoon();
        await nextLook;
      }
      return listeners.get(port);
    },
    refresh: look,
    ports: () => [...listeners.keys()].sort((a, b) => a - b),
  };
}
