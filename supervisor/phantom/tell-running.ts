import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Launch } from '../launches/launch.ts';

/**
 * An abstract socket name, which needs no writable folder and ends with this process; shim-c/launcher.c
 * connects.
 */
const NAME = '\0boxer-running';
const MAX_WAITING = 64;

/** A guest that ends within this time counts as not started, ms. */
const FIRST_MOMENT = 1000;

/**
 * Answers `boxer running` in this container once the guest has run for FIRST_MOMENT, until `signal` aborts.
 */
export function tellRunning({ started, gone }: Pick<Launch, 'started' | 'gone'>, signal: AbortSignal): void {
  const over = new AbortController();
  void gone.then(() => over.abort());
  const ran = started
    .then(() => delay(FIRST_MOMENT, undefined, { signal: AbortSignal.any([signal, over.signal]) }))
    .then(
      () => true,
      () => false,
    );
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // If the guest has ended, there is no answer: the connection ends together with this process.
    void ran.then((well) => well && socket.end('1'));
  });
  server.maxConnections = MAX_WAITING;
  // Without this server nobody answers; the plugin stops asking after a minute.
  server.on('error', () => undefined);
  server.listen({ path: NAME, signal });
  server.unref();
}
