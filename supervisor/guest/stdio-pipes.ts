import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Addon } from '../service/addon.ts';

/**
 * A guest's three standard streams. They are pipes, as with Docker. The streams that Node makes are sockets,
 * which
 * cannot be opened as /dev/stdout or /proc/self/fd/2 (ENXIO), where images link their log files to.
 */
export interface StdioPipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The guest's ends, in the order of its descriptors. */
  readonly guestEnds: readonly [number, number, number];
  /**
   * Has to be called when the guest has its ends, or will never be started: an output ends when its last
   * writer has closed it.
   */
  closeGuestEnds(): void;
  /** Closes what is still open of the three streams. */
  close(): void;
}

/** Throws the system's error, such as EMFILE. */
export function createStdioPipes(addon: Pick<Addon, 'pipe'>): StdioPipes {
  const input = addon.pipe();
  const output = addon.pipe();
  const errors = addon.pipe();
  const guestEnds = [input[0], output[1], errors[1]] as const;
  const stdin = new Socket({ fd: input[1], readable: false, writable: true });
  const stdout = new Socket({ fd: output[0], readable: true, writable: false });
  const stderr = new Socket({ fd: errors[0], readable: true, writable: false });
  return {
    stdin,
    stdout,
    stderr,
    guestEnds,
    closeGuestEnds() {
      for (const fd of guestEnds) closeSync(fd);
    },
    close() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}
