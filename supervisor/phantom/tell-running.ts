import { createServer } from 'node:net';

/** Abstract, so it needs no place that can be written to, and goes with this process: shim-c/launcher.c. */
const NAME = '\0boxer-running';
const MAX_WAITING = 64;

/** Answers `boxer running` in this container once `started` has resolved, until `signal`. */
export function tellRunning(started: Promise<void>, signal: AbortSignal): void {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    started.then(
      () => socket.end('1'),
      () => socket.destroy(),
    );
  });
  server.maxConnections = MAX_WAITING;
  // Nobody is told then, and whoever asks gives up after a minute.
  server.on('error', () => undefined);
  server.listen({ path: NAME, signal });
  server.unref();
}
