import type { Socket } from 'node:net';

export interface FlowOptions {
  /** Aborting resets both ends. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The time without a byte in either direction after which both ends are reset, ms. Without it, a flow may
   * be idle forever.
   */
  readonly idleTimeout?: number | undefined;
}

/** Numbers of bytes from the first socket to the second (`sent`) and back (`received`). */
export interface FlowBytes {
  readonly sent: number;
  readonly received: number;
}

/**
 * The silence after which the kernel probes an end that may have disappeared, ms. The kernel sends up to ten
 * keep-alive probes, one each second.
 */
const KEEPALIVE_DELAY = 15_000;
/**
 * How long bytes that were read from one end may take to reach the other end before the RST is passed on, ms.
 */
const RESET_GRACE = 1000;

/**
 * Joins two TCP connections into one: backpressure, half-close and RST pass from each end to the other, and
 * no byte is lost. Owns both sockets from now on. Resolves when both are closed. Never rejects.
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

/**
 * Carries one direction, and passes the end or the reset of `from` on to `to`. Resolves to the number of
 * bytes when `from` is closed.
 */
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
  // The error is ECONNRESET, or EPIPE if this process wrote first. In both cases the far end has to see a
  // reset.
  from.on('error', () => passReset(to));
  const closed = () => {
    // The socket closed before its stream had ended: it was destroyed, perhaps before it was given to this
    // function.
    if (!from.readableEnded) passReset(to);
    return bytes;
  };
  if (from.closed) return Promise.resolve(closed());
  from.resume();
  return new Promise((resolve) => from.once('close', () => resolve(closed())));
}

/**
 * Resets `to`. An RST discards the bytes that the kernel still holds, so the bytes that wait in this process
 * are sent first, if the peer reads.
 */
function passReset(to: Socket): void {
  if (to.writableLength === 0) return void to.resetAndDestroy();
  const timer = setTimeout(() => to.resetAndDestroy(), RESET_GRACE);
  to.once('drain', () => to.resetAndDestroy());
  to.once('close', () => clearTimeout(timer));
}
