import { once } from 'node:events';
import type { Socket } from 'node:net';
import { socketFd } from '../../service/socket-fd.ts';

/** What the pump calls of the native addon (`shim-c/addon/pump.h`). */
export interface PumpAddon {
  pumpStart(held: Uint32Array, idle: number, onEnded: (slot: number, ...bytes: number[]) => void): unknown;
  /** Duplicates both descriptors; `early` was read from them before. */
  pumpAdd(pump: unknown, slot: number, a: number, b: number, earlyA?: Buffer, earlyB?: Buffer): void;
  pumpReset(pump: unknown, slot: number): void;
  pumpStop(pump: unknown): void;
}

export interface PumpOptions {
  /** Flows at the same time. */
  readonly flows: number;
  /** ms without a byte in either direction, after which both ends are reset; 0: a flow may idle for ever. */
  readonly idleTimeout: number;
}

/** Bytes from the first socket to the second, and back. */
export interface FlowBytes {
  readonly sent: number;
  readonly received: number;
}

export interface Flow {
  /** Resolves when both ends are closed, never rejects. */
  readonly done: Promise<FlowBytes>;
  /** Bytes that one end has sent and the other does not take. */
  held(): number;
  /** Resets both ends. */
  reset(): void;
}

/** Makes one TCP connection of two, many times: backpressure, half-close and RST pass from each end to the other, no byte is lost. */
export interface Pump {
  /** Owns both sockets from now on; resets them when it carries as many flows as it can already, or is closed. */
  join(a: Socket, b: Socket): Flow;
  /** Bytes that all flows hold. */
  held(): number;
  /** Resets what it carries. */
  close(): void;
}

const NOTHING: FlowBytes = { sent: 0, received: 0 };

/** What a running flow can still be told. */
interface Running {
  reset(): void;
  held(): number;
}

export function startPump(addon: PumpAddon, { flows, idleTimeout }: PumpOptions): Pump {
  const held = new Uint32Array(flows);
  const free = Array.from({ length: flows }, (_, index) => flows - 1 - index);
  const ended = new Map<number, (bytes: FlowBytes) => void>();
  const native = addon.pumpStart(held, idleTimeout, (slot, sent = 0, received = 0) => {
    const resolve = ended.get(slot);
    ended.delete(slot);
    free.push(slot);
    resolve?.({ sent, received });
  });
  let closed = false;

  /** Both sockets are connected and have nothing left to write here. */
  function carry(slot: number, a: Socket, b: Socket, resolve: (bytes: FlowBytes) => void): Running {
    ended.set(slot, resolve);
    addon.pumpAdd(native, slot, socketFd(a), socketFd(b), readSoFar(a), readSoFar(b));
    // The pump has descriptors of its own; this closes ours without shutting the connections down.
    for (const socket of [a, b]) socket.destroy();
    let resets = false;
    return {
      reset() {
        if (resets || closed || ended.get(slot) !== resolve) return;
        resets = true;
        addon.pumpReset(native, slot);
      },
      held: () => (ended.get(slot) === resolve ? (held[slot] ?? 0) : 0),
    };
  }

  return {
    join(a, b) {
      const slot = closed ? undefined : free.pop();
      const sockets = [a, b];
      // An end may break while the other one still connects.
      for (const socket of sockets) socket.on('error', () => undefined);
      const refuse = () => {
        for (const socket of sockets) socket.resetAndDestroy();
      };
      if (slot === undefined) {
        refuse();
        return { done: Promise.resolve(NOTHING), held: () => 0, reset: () => undefined };
      }
      const { promise: done, resolve } = Promise.withResolvers<FlowBytes>();
      let running: Running | undefined;
      let unwanted = false;
      const begin = () => {
        try {
          if (!unwanted && !closed && sockets.every(isWhole)) {
            running = carry(slot, a, b, resolve);
            return;
          }
        } catch {
          // No descriptor is left, or a socket closed in this very moment.
          ended.delete(slot);
        }
        free.push(slot);
        refuse();
        resolve(NOTHING);
      };
      if (sockets.every(isReady)) begin();
      else void Promise.all(sockets.map(ready)).then(begin);
      return {
        done,
        held: () => running?.held() ?? 0,
        reset() {
          if (running) running.reset();
          else {
            unwanted = true;
            refuse();
          }
        },
      };
    },

    held() {
      let sum = 0;
      for (const bytes of held) sum += bytes;
      return sum;
    },

    close() {
      if (closed) return;
      closed = true;
      addon.pumpStop(native);
      for (const resolve of ended.values()) resolve(NOTHING);
      ended.clear();
    },
  };
}

const isWhole = (socket: Socket) => !socket.destroyed && !socket.connecting;
const isReady = (socket: Socket) =>
  socket.destroyed || (!socket.connecting && socket.writableLength === 0 && socket.isPaused());

/** Resolves when it is connected, has written what it was given, or has closed. */
async function ready(socket: Socket): Promise<void> {
  const stop = new AbortController();
  const closed = once(socket, 'close', stop).catch(() => undefined);
  // Nothing more of it is for this process.
  socket.pause();
  if (socket.connecting) await Promise.race([once(socket, 'connect', stop), closed]).catch(() => undefined);
  socket.pause();
  if (!socket.destroyed && socket.writableLength > 0) {
    const written = new Promise<void>((resolve) => socket.write('', () => resolve()));
    await Promise.race([written, closed]);
  }
  stop.abort();
}

function readSoFar(socket: Socket): Buffer | undefined {
  if (socket.readableLength === 0) return undefined;
  const bytes: Buffer | null = socket.read();
  return bytes ?? undefined;
}
