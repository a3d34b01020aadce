import * as z from 'zod/mini';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { CONFIG_VARIABLE, type NodeStatus, nodeConfig } from '../../../supervisor/published/node-config.ts';
import { containerIds, inspectIds } from '../../engine/containers.ts';
import type { Docker } from '../../engine/docker.ts';
import { nodesOf } from '../../project/nodes/nodes-of.ts';

/** One phantom: a function of it has lived as long as it has, and while they are renewed, two. */
export interface Launch {
  service: string;
  functionName: string;
  /** Engine's id of the phantom's image, for the architecture. */
  image: string;
  /** MB, MB, seconds */
  memorySize: number;
  ephemeralStorage: number;
  timeout: number;
  running: boolean;
  /** so far, or until it ended */
  seconds: number;
  /** The same of each function that it has now, the one that serves first; [] where the seed does not say. */
  functions: number[];
}

const phantom = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), StartedAt: z.string(), FinishedAt: z.string() }),
  Image: z.string(),
  Config: z.object({ Env: z.nullable(z.array(z.string())) }),
});

/**
 * The phantoms of a project that the engine still has, stopped ones included, with their functions among `nodes`.
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

/** One that was only created has cost nothing. */
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
