import * as z from 'zod/mini';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { CONFIG_VARIABLE, type NodeStatus, nodeConfig } from '../../../supervisor/published/node-config.ts';
import { inspectIds } from '../../engine/containers.ts';
import type { Docker } from '../../engine/docker.ts';
import { containerIds } from '../../engine/ids.ts';
import { nodesOf } from '../../project/nodes/nodes-of.ts';

/** One phantom with the run times of its functions: one function, or two during a renewal. */
export interface Launch {
  service: string;
  functionName: string;
  /** The engine's id of the phantom's image, which tells the architecture. */
  image: string;
  /** MB, MB, seconds */
  memorySize: number;
  ephemeralStorage: number;
  timeout: number;
  running: boolean;
  /** How long the phantom has run, or ran until it ended. */
  seconds: number;
  /**
   * Seconds that each of its present functions has run, the serving function first; [] if the seed does not
   * say.
   */
  functions: number[];
}

const phantom = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), StartedAt: z.string(), FinishedAt: z.string() }),
  Image: z.string(),
  Config: z.object({ Env: z.nullable(z.array(z.string())) }),
});

/**
 * Lists the phantoms of a project that the engine still has, stopped ones included.
 * `nodes` tells the functions of each phantom.
 * @param now ms since the epoch
 */
export async function readLaunches(
  engine: Docker,
  project: string,
  nodes: readonly NodeStatus[],
  now: number,
): Promise<Launch[]> {
  const ids = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.target=lambda',
  );
  return (await inspectIds(engine, ids)).flatMap((found) => launchOf(found, nodes, now));
}

/** A container that was created but never started has cost nothing and gives []. */
function launchOf(container: unknown, nodes: readonly NodeStatus[], now: number): Launch[] {
  const parsed = phantom.safeParse(container);
  if (!parsed.success) throw new BoxerError('ENGINE', 'docker container inspect answered something unknown');
  const { Id: id, State: state, Image: image, Config } = parsed.data;
  const prefix = `${CONFIG_VARIABLE}=`;
  const variable = Config.Env?.find((one) => one.startsWith(prefix));
  const config = nodeConfig.safeParse(JSON.parse(variable?.slice(prefix.length) ?? 'null'));
  const twin = config.data?.twin;
  const started = Date.parse(state.StartedAt);
  if (config.data === undefined || twin === undefined || !(started > 0)) return [];
  const end = state.Running ? now : Date.parse(state.FinishedAt);
  const { functionName, memorySize, ephemeralStorage, timeout } = twin;
  return [
    {
      ...{ service: config.data.service, functionName, image, memorySize, ephemeralStorage, timeout },
      running: state.Running,
      seconds: Math.max(0, (end - started) / 1000),
      functions: nodesOf(nodes, id)
        .filter(({ state }) => state !== 'starting')
        .map(({ since }) => Math.max(0, (now - since) / 1000)),
    },
  ];
}
