import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Launch } from '../launches/launch.ts';

/** Abstract, so it needs no place that can be written to, and goes with this process: shim-c/launcher.c. */
const NAME = '\0boxer-running';
const MAX_WAITING = 64;

/** A guest that ends so soon has not come to anything; ms. Measured here, where its start and its end are heard of one after the other. */
const FIRST_MOMENT = 1000;

/** Answers `boxer running` in this container once the guest of the launch runs, and has not ended at once; until `signal`. */
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
    // Where it has gone, the connection ends with this process, and with it the question.
    void ran.then((well) => well && socket.end('1'));
  });
  server.maxConnections = MAX_WAITING;
  // Nobody is told then, and whoever asks gives up after a minute.
  server.on('error', () => undefined);
  server.listen({ path: NAME, signal });
  server.unref();
}
