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
 * The native functions for which Node has no API; built from `shim-c/addon`. Errors carry an errno name in
 * `code`.
 */
export interface Addon extends PumpAddon {
  /** Creates an anonymous memory file of `size` bytes. The caller owns the descriptor. */
  memfdCreate(name: string, size: number): number;
  /** Sends `bytes` and the descriptor `fd` over a Unix socket. */
  sendFd(socket: number, fd: number, bytes: Buffer): void;
  /**
   * Opens a TCP connection between dotted IPv4 addresses ('': any; `family` 6: mapped ones), which nobody reads. Returns its
   * descriptor where it stands at once; otherwise what `dialCancel` takes, and `onDone` gets the descriptor, or an errno negated.
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
  /** The local port of a socket, or of the object that `dial` returned; 0 where it has none. */
  localPort(socket: number | object): number;
  /**
   * A descriptor that listens on a free port of a dotted IPv4 address and drops whatever comes: for who connects there it is a host that
   * does not answer. The caller owns it.
   */
  deafListener(address: string): number;
  /** Closes a descriptor. `reset` 1: resets its TCP connection. */
  close(fd: number, reset: 0 | 1): void;
  /**
   * Listens on the abstract Unix socket `name`, on this process's event loop, for at most `limit` connections with one request each;
   * who has not sent it in `timeout` ms is closed. `room` (a Buffer of a request's size) has the request while `onRequest` runs.
   * `onGone`: the client went before it was answered.
   */
  serviceStart(
    name: string,
    limit: number,
    timeout: number,
    room: Buffer,
    onRequest: (id: number) => void,
    onGone: (id: number) => void,
  ): object;
  /** Answers and closes; `fd` goes beside the reply unless it is -1. Does nothing for a client that has gone. */
  serviceAnswer(service: object, id: number, reply: Buffer, fd: number): void;
  serviceStop(service: object): void;
  /** Makes a pipe. Returns its reading and its writing end, which the caller owns. */
  pipe(): [number, number];
  /** Sets how many descriptors this process may have, as far as it may; returns how many it could have before. */
  limitDescriptors(limit: number): number;
  /** Collects exited children, except those whose pids are in `keep`. */
  reap(keep: readonly number[]): ReapedChild[];
  prctlSubreaper(): void;
  /** Returns free memory that libc holds to the kernel. This takes milliseconds where there is much of it. */
  trimMemory(): void;
  /** Tries system calls, each in a process of its own. A call is allowed where `errno` and `signal` are 0. */
  tryCalls(): TriedCall[];
}

/** Loads the addon that stands beside the bundle in `/opt/boxer/lib`. */
export function loadAddon(path: string): Addon {
  return createRequire(import.meta.url)(path);
}
