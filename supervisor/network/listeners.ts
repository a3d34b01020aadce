import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A guest's listening TCP socket as the kernel reports it. */
export interface Listener {
  readonly port: number;
  readonly family: 4 | 6;
  /** The address at which a local connection reaches the listener, dotted IPv4. */
  readonly reach: string;
  readonly loopbackOnly: boolean;
}

const LISTEN_STATE = '0A';
const MAPPED_PREFIX = '0000000000000000FFFF0000';

/** `/proc/net/tcp` prints each 32-bit word of an address in host order (little endian). */
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
  return undefined; // A real IPv6 address: no connection of the overlay arrives there.
}

/** Parses the text of `/proc/net/tcp` or `/proc/net/tcp6`. Lines of another form are left out. */
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
    return ''; // The kernel has no IPv6.
  }
}

/**
 * The listening sockets of this network namespace, by port. IPv4 takes precedence over IPv6. Sockets that
 * listen on loopback only are left out.
 */
export function readListeners(): Map<number, Listener> {
  const found = [
    ...parseListeners(readTable('/proc/self/net/tcp6'), 6),
    ...parseListeners(readTable('/proc/self/net/tcp'), 4),
  ];
  return new Map(
    found.filter((listener) => !listener.loopbackOnly).map((listener) => [listener.port, listener]),
  );
}

/**
 * The listening sockets as they were when the kernel's table was read last. Reading it costs milliseconds, as
 * the kernel walks over its whole table of connections.
 */
export interface ListenerView {
  at(port: number): Listener | undefined;
  /**
   * As `at`, but the kernel's table is read again before the answer is that nobody listens. So no connection
   * is refused between two listeners of one server that closes and reopens its port, as iperf3 does between
   * two tests.
   */
  find(port: number): Promise<Listener | undefined>;
  /** Reads the kernel's table again. */
  refresh(): void;
  /** The ports as they were read last, in ascending order. */
  ports(): readonly number[];
}

/** Reads that `find` causes may take one part in so many of the time. */
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

  /** One read serves all callers that ask before it begins. */
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
