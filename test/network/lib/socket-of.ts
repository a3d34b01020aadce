import type { BoxedNode } from './overlay.ts';

/**
 * The name of the socket of a node's supervisor. The process monitor hides it in the guest's environment, but
 * the kernel still shows the environment with which the guest was started.
 */
export async function socketOf(node: BoxedNode): Promise<string> {
  const { stdout } = await node.exec('cat', '/proc/self/environ');
  const found = stdout.split('\0').find((variable) => variable.startsWith('BOXER_SOCKET='));
  if (found === undefined) throw new Error(`no supervisor's socket in ${stdout}`);
  return found.slice('BOXER_SOCKET='.length);
}
