import * as z from 'zod/mini';
import { type NodeStatus, nodeStatus } from '../../../supervisor/published/node-config.ts';
import { execInside } from '../../engine/exec.ts';
import type { Work } from '../work.ts';

const nodeList = z.array(nodeStatus);

/**
 * Asks the seed for its nodes and, on request, for their pairs. Gives [] with a warning if the seed does not
 * answer.
 */
export async function readNodes(
  { engine, warn }: Work,
  seed: string | undefined,
  pairs = false,
): Promise<NodeStatus[]> {
  if (seed === undefined) return [];
  const command = ['/opt/boxer/bin/boxer', 'nodes', '--json', ...(pairs ? ['--pairs'] : [])];
  const { code, stdout, stderr } = await execInside(engine, seed, command);
  const parsed = code === 0 ? nodeList.safeParse(json(stdout)) : undefined;
  if (parsed?.success) return parsed.data;
  const reason = code === 0 ? 'its answer is not understood' : (stderr.trim().split('\n').at(-1) ?? '');
  warn(`docker boxer: the seed does not answer${reason === '' ? '' : ` (${reason})`}: no nodes are shown`);
  return [];
}

/** Parses JSON; undefined if the text is not JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
