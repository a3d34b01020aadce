import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { PumpAddon } from '../../service/pump-addon.ts';
import { socketFd } from '../../service/socket-fd.ts';

export interface PumpOptions {
  /** Maximum number of flows at the same time. */
  readonly flows: number;
  /**
   * The time without a byte in either direction after which both ends are reset, ms. 0: a flow may be idle
   * forever.
   */
  readonly idleTimeout: number;
}

/** Numbers of bytes from the first socket to the second (`sent`) and back (`received`). */
export interface FlowBytes {
  readonly sent: number;
  readonly received: number;
}

export interface Flow {
  /** Resolves when both ends are closed, never rejects. */
  readonly done: Promise<FlowBytes>;
  /** Returns the number of bytes that one end has sent and the other has not taken. */
  held(): number;
  /** Resets both ends. */
  reset(): void;
}

const NOTHING: FlowBytes = { sent: 0, received: 0 };
/** A flow that is not carried: the pump is full or closed. */
const REFUSED: Flow = { done: Promise.resolve(NOTHING), held: () => 0, reset: () => undefined };

/**
 * Joins pairs of TCP connections into one each: backpressure, half-close and RST pass from each end to the
 * other, and no byte is lost.
 */
export class Pump {
  readonly #addon: PumpAddon;
  readonly #native: unknown;
  /** By slot, written by the native thread: the bytes that the flow holds. */
  readonly #held: Uint32Array;
  readonly #free: number[];
  /** By slot: the callback for the end of the flow. */
  readonly #ended = new Map<number, (bytes: FlowBytes) => void>();
  #isClosed = false;

  constructor(addon: PumpAddon, { flows, idleTimeout }: PumpOptions) {
    this.#addon = addon;
    this.#held = new Uint32Array(flows);
    this.#free = Array.from({ length: flows }, (_, index) => flows - 1 - index);
    this.#native = addon.pumpStart(this.#held, idleTimeout, (slot, sent = 0, received = 0) =>
      this.#end(slot, { sent, received }),
    );
  }

  /** Joins two sockets and owns them from now on. Resets both if the pump is full or closed. */
  join(a: Socket, b: Socket): Flow {
    // An end may break while the other one still connects.
    for (const socket of [a, b]) socket.on('error', () => undefined);
    const slot = this.#isClosed ? undefined : this.#free.pop();
    if (slot !== undefined) return new PumpedFlow(this, slot, a, b);
    resetBoth(a, b);
    return REFUSED;
  }

  /** Returns the number of bytes that all flows hold. */
  held(): number {
    let sum = 0;
    for (const bytes of this.#held) sum += bytes;
    return sum;
  }

  /** Returns the number of bytes that the flow in `slot` holds. */
  heldIn(slot: number): number {
    return this.#held[slot] ?? 0;
  }

  /**
   * Hands both sockets to the native thread and returns true, unless the pump or one of the sockets is
   * closed. Calls `onEnd` once when the flow ends. If the result is false, `onEnd` is never called and the
   * slot is free again.
   */
  carry(slot: number, a: Socket, b: Socket, onEnd: (bytes: FlowBytes) => void): boolean {
    try {
      if (!this.#isClosed && isWhole(a) && isWhole(b)) {
        this.#ended.set(slot, onEnd);
        this.#addon.pumpAdd(this.#native, slot, socketFd(a), socketFd(b), readSoFar(a), readSoFar(b));
        // The pump has duplicated the descriptors; destroy() closes this process's copies without shutting
        // the connections down.
        for (const socket of [a, b]) socket.destroy();
        return true;
      }
    } catch {
      // No descriptor is left, or a socket has closed just now.
      this.#ended.delete(slot);
    }
    this.giveBack(slot);
    return false;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  /** Resets a flow that is being carried. */
  reset(slot: number): void {
    if (!this.#isClosed) this.#addon.pumpReset(this.#native, slot);
  }

  /** Resets all flows. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#addon.pumpStop(this.#native);
    for (const onEnd of this.#ended.values()) onEnd(NOTHING);
    this.#ended.clear();
  }

  #end(slot: number, bytes: FlowBytes): void {
    const onEnd = this.#ended.get(slot);
    this.#ended.delete(slot);
    this.giveBack(slot);
    onEnd?.(bytes);
  }
}

/** A flow in a slot of the pump, from the moment when the pump gets both sockets. */
class PumpedFlow implements Flow {
  readonly done: Promise<FlowBytes>;
  readonly #pump: Pump;
  readonly #slot: number;
  readonly #sockets: readonly [Socket, Socket];
  readonly #end = Promise.withResolvers<FlowBytes>();
  #state: 'waiting' | 'unwanted' | 'carried' | 'reset' | 'ended' = 'waiting';

  constructor(pump: Pump, slot: number, a: Socket, b: Socket) {
    this.#pump = pump;
    this.#slot = slot;
    this.#sockets = [a, b];
    this.done = this.#end.promise;
    if (isReady(a) && isReady(b)) this.#begin();
    else void Promise.all([ready(a), ready(b)]).then(() => this.#begin());
  }

  held(): number {
    return this.#state === 'carried' || this.#state === 'reset' ? this.#pump.heldIn(this.#slot) : 0;
  }

  reset(): void {
    if (this.#state === 'carried') {
      this.#state = 'reset';
      this.#pump.reset(this.#slot);
    } else if (this.#state === 'waiting') {
      this.#state = 'unwanted';
      resetBoth(...this.#sockets);
    }
  }

  /** Begins the flow when both sockets are connected and have nothing left to write here, or have closed. */
  #begin(): void {
    const [a, b] = this.#sockets;
    if (this.#state === 'unwanted') this.#pump.giveBack(this.#slot);
    else if (this.#pump.carry(this.#slot, a, b, (bytes) => this.#finish(bytes))) {
      this.#state = 'carried';
      return;
    }
    resetBoth(a, b);
    this.#finish(NOTHING);
  }

  #finish(bytes: FlowBytes): void {
    this.#state = 'ended';
    this.#end.resolve(bytes);
  }
}

function resetBoth(a: Socket, b: Socket): void {
  a.resetAndDestroy();
  b.resetAndDestroy();
}

const isWhole = (socket: Socket) => !socket.destroyed && !socket.connecting;
const isReady = (socket: Socket) =>
  socket.destroyed || (!socket.connecting && socket.writableLength === 0 && socket.isPaused());

/** Resolves when the socket is connected and has written all its data, or has closed. */
async function ready(socket: Socket): Promise<void> {
  const stop = new AbortController();
  const closed = once(socket, 'close', stop).catch(() => undefined);
  // All further bytes are for the pump.
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
