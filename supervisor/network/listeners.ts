import { setTimeout as delay } from 'node:timers/promises';
import { ipv4Of, readTcpTable, TcpState, tcpRows } from './tcp-table.ts';

/** A guest's listening TCP socket as the kernel reports it. */
export interface Listener {
  readonly port: number;
  readonly family: 4 | 6;
  /** The address at which a local connection reaches the listener, dotted IPv4. */
  readonly reach: string;
  readonly loopbackOnly: boolean;
}

/**
 * Returns the address at which a local connection reaches a listener; undefined for an IPv6 address, where no
 * connection of the overlay arrives.
 */
function reachOf(hex: string): { readonly reach: string; readonly loopbackOnly: boolean } | undefined {
  const address = /^0+$/.test(hex) ? '0.0.0.0' : ipv4Of(hex);
  if (address === undefined) return undefined;
  if (address === '0.0.0.0') return { reach: '127.0.0.1', loopbackOnly: false };
  return { reach: address, loopbackOnly: address.startsWith('127.') };
}

const mayListen = (line: string) => line.includes(` ${TcpState.listening}`);

/** Returns the listeners in the text of `/proc/net/tcp` or `/proc/net/tcp6`. */
export function parseListeners(text: string, family: 4 | 6): Listener[] {
  const found: Listener[] = [];
  for (const { local, state } of tcpRows(text, mayListen)) {
    const reached = state === TcpState.listening ? reachOf(local.hex) : undefined;
    if (reached) found.push({ port: local.port, family, ...reached });
  }
  return found;
}

/**
 * Returns the listening sockets of this network namespace, by port. IPv4 takes precedence over IPv6. Sockets
 * that listen on loopback only are left out.
 */
export function readListeners(): Map<number, Listener> {
  const found = [...parseListeners(readTcpTable(6), 6), ...parseListeners(readTcpTable(4), 4)];
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
   * Like `at`, but reads the kernel's table again before it answers that nobody listens. So a connection is
   * not refused while a server closes and reopens its port, as iperf3 does between two tests.
   */
  find(port: number): Promise<Listener | undefined>;
  /** Reads the kernel's table again, and then calls the listeners of `onRefresh`. */
  refresh(): void;
  /** Calls `listener` after each `refresh`, with the ms that it took. Returns a function that stops this. */
  onRefresh(listener: (ms: number) => void): () => void;
  /** Returns the ports that the last read has found, in ascending order. */
  ports(): readonly number[];
}

/** Reads that `find` causes take at most one part in `REST` of the time. */
const REST = 10;

export function createListenerView(): ListenerView {
  let listeners = new Map<number, Listener>();
  let restUntil = 0;
  let nextLook: Promise<void> | undefined;
  const refreshed = new Set<(ms: number) => void>();

  /** Returns how long the read took, ms. */
  function look(): number {
    const started = performance.now();
    listeners = readListeners();
    const ended = performance.now();
    restUntil = ended + (REST - 1) * (ended - started);
    return ended - started;
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
    refresh() {
      const ms = look();
      for (const listener of refreshed) listener(ms);
    },
    onRefresh(listener) {
      refreshed.add(listener);
      return () => refreshed.delete(listener);
    },
    ports: () => [...listeners.keys()].sort((a, b) => a - b),
  };
}
