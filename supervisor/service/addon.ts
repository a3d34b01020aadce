import { createRequire } from 'node:module';
import type { PumpAddon } from './pump-addon.ts';

/** How a child ended: exactly one of `code` and `signal` is set. */
export interface ReapedChild {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: number | null;
}

/**
 * The result of one system call: an errno value, or the signal that killed the process which made the call.
 */
export interface TriedCall {
  readonly name: string;
  readonly errno: number;
  readonly signal: number;
}

/**
 * Native functions for which Node has no API; built from `shim-c/addon`. Errors have an errno name in `code`.
 */
export interface Addon extends PumpAddon {
  /** Creates an anonymous memory file of `size` bytes. The caller owns the descriptor. */
  memfdCreate(name: string, size: number): number;
  /**
   * Opens a TCP connection between two dotted IPv4 addresses and reads nothing from it. '' as local address
   * is any address; `family` 6 uses v4-mapped addresses.
   * If the connection is established at once, returns its descriptor. Otherwise returns an object for
   * `dialCancel`; `onDone` then gets the descriptor or a negated errno.
   */
  dial(
    family: 4 | 6,
    localAddress: string,
    localPort: number,
    address: string,
    port: number,
    onDone: (fdOrErrno: number) => void,
  ): number | object;
  dialCancel(dial: object): void;
  /** Returns the local port of a socket, or of an object that `dial` returned; 0 if it has none. */
  localPort(socket: number | object): number;
  /**
   * Returns a descriptor that listens on a free port of a dotted IPv4 address and drops every packet, so that
   * to a client the host seems not to answer. The caller owns the descriptor.
   */
  deafListener(address: string): number;
  /** Closes a descriptor; with `reset` 1, also resets its TCP connection. */
  close(fd: number, reset: 0 | 1): void;
  /**
   * Serves the abstract Unix socket of this name, or the listening descriptor `socket`, which the service
   * then owns. It runs on this process's event loop, for at most `limit` connections with one request each. A
   * client that has not sent its request within `timeout` ms is closed. `room`, a Buffer of the size of a
   * request, holds the request while `onRequest` runs. `onGone` is called when a client closes before it got
   * its answer.
   */
  serviceStart(
    socket: string | number,
    limit: number,
    timeout: number,
    room: Buffer,
    onRequest: (id: number) => void,
    onGone: (id: number) => void,
  ): object;
  /**
   * Sends the reply, with the descriptor `fd` unless it is -1, and closes the connection. Does nothing for a
   * client that has gone.
   */
  serviceAnswer(service: object, id: number, reply: Buffer, fd: number): void;
  serviceStop(service: object): void;
  /** Creates a pipe. Returns its read end and its write end, which the caller owns. */
  pipe(): [number, number];
  /**
   * Sets the soft limit of descriptors of this process to `limit`, or to the hard limit if that is lower;
   * returns the earlier soft limit.
   */
  limitDescriptors(limit: number): number;
  /** Collects exited children, except those whose pids are in `keep`. */
  reap(keep: readonly number[]): ReapedChild[];
  prctlSubreaper(): void;
  /** Returns free memory of libc to the kernel. This takes milliseconds if there is much of it. */
  trimMemory(): void;
  /** Tries system calls, each in a process of its own. A call is permitted if `errno` and `signal` are 0. */
  tryCalls(): TriedCall[];
}

/** Loads the addon, which is beside the bundle in `/opt/boxer/lib`. */
export function loadAddon(path: string): Addon {
  return createRequire(import.meta.filename)(path);
}
