import * as z from 'zod/mini';
import type { Billing } from '../aws/cost/project-cost.ts';
import type { Docker } from '../engine/docker.ts';
import { execInside } from '../engine/exec.ts';
import { containerIds } from '../engine/ids.ts';

const usage = z.object({ invocations: z.number(), billedMs: z.number(), gbSeconds: z.number() });
const billing = z.object({ functions: z.record(z.string(), usage) });

const ASK =
  "fetch('http://127.0.0.1:9000/2021-local/billing').then((r) => r.text()).then((t) => " +
  'process.stdout.write(t))';

/**
 * Reads the usage that the local Lambda counted of functions that have ended; undefined: the project has no
 * local Lambda that answers.
 */
export async function readBilling(engine: Docker, project: string): Promise<Billing | undefined> {
  const [lambda] = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.role=lambda',
    'status=running',
  );
  if (lambda === undefined) return undefined;
  // The request is made inside the container, because the engine may be on another machine.
  const { code, stdout } = await execInside(engine, lambda, ['/usr/local/bin/node', '-e', ASK]);
  if (code !== 0) return undefined;
  try {
    return billing.parse(JSON.parse(stdout)).functions;
  } catch {
    return undefined;
  }
}
