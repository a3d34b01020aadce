import type { BoxedNode } from './overlay.ts';

/** The name of a node's supervisor's socket. Its guests do not see it in their environment, but the kernel keeps what they started with. */
export async function socketOf(node: BoxedNode): Promise<string> {
  const { stdout } = await node.exec('cat', '/proc/self/environ');
  const found = stdout.split('\0').find((variable) => variable.startsWith('BOXER_SOCKET='));
  if (found === undefined) throw new Error(`no supervisor's socket in ${stdout}`);
  return found.slice('BOXER_SOCKET='.length);
}
