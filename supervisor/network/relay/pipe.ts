import type { Socket } from 'node:net';

export interface FlowOptions {
  /** Resets both ends. */
  readonly signal?: AbortSignal | undefined;
  /** ms without a byte in either direction, after which both ends are reset; without it a flow may idle for ever. */
  readonly idleTimeout?: number | undefined;
}

/** Bytes from the first socket to the second, and back. */
export interface FlowBytes {
  readonly sent: number;
  readonly received: number;
}

/** Ends that vanished without a word are found by the kernel: after this many ms of silence, then ten probes of 1 s. */
const KEEPALIVE_DELAY = 15_000;
/** How long bytes that were taken from one end may still take to the other before its RST follows, in ms. */
const RESET_GRACE = 1000;

/**
 * Makes one TCP connection of two: backpressure, half-close and RST pass from each end to the other, no byte is lost.
 * Owns both sockets from now on; resolves when both are closed, never rejects.
 */
export function pipeFlow(a: Socket, b: Socket, options: FlowOptions = {}): Promise<FlowBytes> {
  const { signal, idleTimeout } = options;
  const abort = () => {
    a.resetAndDestroy();
    b.resetAndDestroy();
  };
  if (idleTimeout !== undefined) a.setTimeout(idleTimeout, abort);
  signal?.addEventListener('abort', abort);
  const forward = pump(a, b);
  const back = pump(b, a);
  if (signal?.aborted) abort();
  return Promise.all([forward, back])
    .then(([sent, received]) => ({ sent, received }))
    .finally(() => signal?.removeEventListener('abort', abort));
}

/** One direction, and the fate of `from`; resolves to the number of bytes when `from` is closed. */
function pump(from: Socket, to: Socket): Promise<number> {
  let bytes = 0;
  from.allowHalfOpen = true;
  from.setNoDelay(true);
  from.setKeepAlive(true, KEEPALIVE_DELAY);
  from.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  if (from.readableEnded) to.end();
  // ECONNRESET, or EPIPE where we wrote first: either way the far end has to see what this end saw.
  from.on('error', () => passReset(to));
  const closed = () => {
    // Closed without an end of its stream: somebody destroyed it, here or before it was given to us.
    if (!from.readableEnded) passReset(to);
    return bytes;
  };
  if (from.closed) return Promise.resolve(closed());
  from.resume();
  return new Promise((resolve) => from.once('close', () => resolve(closed())));
}

/** An RST discards what the kernel still holds, so bytes that wait in this process go first, where the peer reads at all. */
function passReset(to: Socket): void {
  if (to.writableLength === 0) return void to.resetAndDestroy();
  const timer = setTimeout(() => to.resetAndDestroy(), RESET_GRACE);
  to.once('drain', () => to.resetAndDestroy());
  to.once('close', () => clearTimeout(timer));
}
