import * as z from 'zod/mini';
import { CONFIG_VARIABLE } from '../../supervisor/published/node-config.ts';
import { MAX_WARM, MAX_WARM_SECONDS, type TwinsChange } from '../../supervisor/published/twins-change.ts';
import { docker } from '../engine/docker.ts';
import { containerIds } from '../engine/ids.ts';
import { type Phantom, readPhantoms, twinIn } from '../project/phantoms.ts';
import type { Work } from '../project/work.ts';

/** The part of an override with the phantoms' configuration. */
const configured = z.object({
  services: z.record(
    z.string(),
    z.object({ environment: z.optional(z.object({ [CONFIG_VARIABLE]: z.optional(z.string()) })) }),
  ),
});

/** Service -> its twin in the override. */
export function twinsIn(override: unknown): Map<string, Phantom['twin']> {
  const services = Object.entries(configured.safeParse(override).data?.services ?? {});
  return new Map(
    services.flatMap(([name, { environment }]) => {
      const twin = twinIn(environment?.[CONFIG_VARIABLE]);
      return twin === undefined ? [] : [[name, twin] as const];
    }),
  );
}

/**
 * Which functions of these services to make and which to delete, because replicas run other ones than wanted.
 */
export function changeOf(
  wanted: ReadonlyMap<string, Phantom['twin']>,
  phantoms: readonly Phantom[],
  services: ReadonlySet<string>,
): TwinsChange {
  const change: { warm: TwinsChange['warm']; drop: TwinsChange['drop'] } = { warm: [], drop: [] };
  const isNeeded = (name: string) => change.drop.some(({ functionName }) => functionName === name);
  for (const [service, twin] of wanted) {
    const old = phantoms.filter(
      (one) => one.service === service && one.twin.functionName !== twin.functionName,
    );
    if (!services.has(service) || old.length === 0) continue;
    const replaced = old.filter(({ oneOff, status }) => !oneOff && status === 'running').length;
    if (replaced > 0) change.warm.push({ twin, environments: Math.min(replaced, MAX_WARM) });
    for (const { twin: superseded } of old)
      if (superseded.createIfMissing && !isNeeded(superseded.functionName)) change.drop.push(superseded);
  }
  return change;
}

/**
 * Makes the new functions before Compose replaces running replicas by those of another image, so that the
 * replicas find them ready. The old functions are deleted; they end with their launches. A failed step is not
 * an error: the replicas or the local Lambda do it later.
 */
export async function renewFunctions(
  { engine, progress }: Work,
  project: string,
  override: unknown,
  services: ReadonlySet<string>,
): Promise<void> {
  const change = changeOf(twinsIn(override), await readPhantoms(engine, project), services);
  if (change.warm.length + change.drop.length === 0) return;
  const [seed] = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.role=seed',
    'status=running',
  );
  if (seed === undefined) return;
  const names = change.warm.map(({ twin }) => twin.functionName);
  for (const name of names) progress(` Function ${name}  Starting`);
  const limit = AbortSignal.any([engine.signal, AbortSignal.timeout(MAX_WARM_SECONDS * 1000)]);
  const command = ['exec', '--interactive', seed, '/opt/boxer/bin/boxer', 'twins'];
  const done = await docker({ ...engine, signal: limit }, command, { input: JSON.stringify(change) }).catch(
    (error: unknown) => {
      if (engine.signal.aborted) throw error;
      return undefined;
    },
  );
  if (done?.code !== 0) return;
  for (const name of names) progress(` Function ${name}  Ready`);
}
