import type { NodeStatus } from '../../../supervisor/published/node-config.ts';
import { nodesOf } from '../../project/nodes/nodes-of.ts';
import type { Phantom } from '../../project/phantoms.ts';

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

/**
 * The launches of a project's phantoms. `nodes` tells the functions of each phantom. A container that was
 * created but never started has cost nothing and has no launch.
 * @param now ms since the epoch
 */
export const launchesOf = (
  phantoms: readonly Phantom[],
  nodes: readonly NodeStatus[],
  now: number,
): Launch[] => phantoms.flatMap((phantom) => launchOf(phantom, nodes, now));

function launchOf(phantom: Phantom, nodes: readonly NodeStatus[], now: number): Launch[] {
  const { id, service, image, running, twin, startedAt, finishedAt } = phantom;
  const started = Date.parse(startedAt);
  if (!(started > 0)) return [];
  const end = running ? now : Date.parse(finishedAt);
  const { functionName, memorySize, ephemeralStorage, timeout } = twin;
  return [
    {
      ...{ service, functionName, image, memorySize, ephemeralStorage, timeout, running },
      seconds: Math.max(0, (end - started) / 1000),
      functions: nodesOf(nodes, id)
        .filter(({ state }) => state !== 'starting')
        .map(({ since }) => Math.max(0, (now - since) / 1000)),
    },
  ];
}
