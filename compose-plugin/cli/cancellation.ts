import { connect } from 'node:net';

/**
 * The signal that ends everything this call has begun. Reasons: `terminal` (Ctrl+C, which children get as
 * well), `SIGINT`, `SIGTERM`, and `socket` when docker cancels the plugin by closing its plugin socket.
 */
export function cancellation(env: NodeJS.ProcessEnv): AbortSignal {
  const controller = new AbortController();
  const cancel = (reason: string) => controller.abort(reason);
  process.on('SIGINT', () => cancel(process.stdin.isTTY ? 'terminal' : 'SIGINT'));
  process.on('SIGTERM', () => cancel('SIGTERM'));
  const address = env.DOCKER_CLI_PLUGIN_SOCKET;
  if (address !== undefined && address !== '') {
    // docker writes abstract addresses the way Linux shows them, with @ for the leading NUL.
    const socket = connect({ path: address.replace(/^@/, '\0') });
    socket.on('end', () => cancel('socket'));
    socket.on('error', () => undefined);
    socket.resume();
    socket.unref();
  }
  return controller.signal;
}
