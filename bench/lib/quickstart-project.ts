import { execa } from 'execa';

export const sample = new URL('../../samples/quickstart/', import.meta.url).pathname;
const DEADLINE_MS = 180_000;

/** One of the two ways to run samples/quickstart. Each is a separate project. */
export interface Side {
  readonly label: string;
  readonly project: string;
  readonly port: number;
  readonly verb: 'compose' | 'boxer';
}

export const plain: Side = { label: 'docker compose', project: 'bench-plain', port: 18_081, verb: 'compose' };
export const boxed: Side = { label: 'docker boxer', project: 'bench-boxer', port: 18_082, verb: 'boxer' };

export const compose = (side: Side, ...args: string[]) => composeIn(sample, side, ...args);

/** Does the same as `compose` in another folder with the project's files. */
export function composeIn(folder: string, side: Side, ...args: string[]) {
  return execa('docker', [side.verb, '-p', side.project, ...args], {
    cwd: folder,
    env: { QUICKSTART_PORT: String(side.port) },
    stdin: 'ignore',
  });
}

/** The id of the process that answered; undefined if there was no successful answer. */
async function ask(side: Side): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${side.port}/`, { signal: AbortSignal.timeout(2000) });
    const body: unknown = await response.json();
    const boot: unknown = typeof body === 'object' && body ? Reflect.get(body, 'boot') : undefined;
    return response.ok && boot !== undefined ? String(boot) : undefined;
  } catch {
    return undefined; // The gateway answers before the service does.
  }
}

/** Sends requests through nginx until `count` different processes have answered. */
export async function answeredBy(side: Side, count: number): Promise<void> {
  const seen = new Set<string>();
  const end = performance.now() + DEADLINE_MS;
  while (seen.size < count) {
    if (performance.now() > end)
      throw new Error(`${side.label}: ${seen.size} of ${count} replicas answered in time`);
    const boot = await ask(side);
    if (boot) seen.add(boot);
    else await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
