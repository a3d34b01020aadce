import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { CONFIG_VARIABLE, nodeConfig, type twinConfig } from '../../supervisor/published/node-config.ts';
import { inspectIds } from '../engine/containers.ts';
import type { Docker } from '../engine/docker.ts';
import { containerIds } from '../engine/ids.ts';

/** A container that stands for a function. */
export interface Phantom {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Whether `run` made the container. */
  readonly oneOff: boolean;
  /** The engine's id of the phantom's image, which has the architecture of the function's. */
  readonly image: string;
  /** Whether it has a process; a paused one, too. */
  readonly running: boolean;
  /** The engine's status: `running`, `exited`... */
  readonly status: string;
  readonly exitCode: number;
  /** The engine's start time, which changes with every start. */
  readonly startedAt: string;
  /** The engine's time of its last end; a time before `startedAt` while it runs. */
  readonly finishedAt: string;
  /** The function that the phantom invokes. */
  readonly twin: z.infer<typeof twinConfig>;
}

const inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    ExitCode: z.number(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()), Env: z.nullable(z.array(z.string())) }),
});

/**
 * All phantoms of a project on the engine, in any state. Phantoms with an unreadable configuration are left
 * out.
 */
export async function readPhantoms(engine: Docker, project: string): Promise<Phantom[]> {
  const ids = await containerIds(
    engine,
    `label=com.docker.compose.project=${project}`,
    'label=io.boxer.target=lambda',
  );
  return (await inspectIds(engine, ids)).flatMap(phantomOf);
}

function phantomOf(container: unknown): Phantom[] {
  const parsed = inspected.safeParse(container);
  if (!parsed.success) throw new BoxerError('ENGINE', 'docker container inspect answered something unknown');
  const { Id: id, Name, Image: image, State, Config } = parsed.data;
  const { Labels, Env } = Config;
  const twin = twinIn(Env?.find((one) => one.startsWith(PREFIX))?.slice(PREFIX.length));
  const service = Labels['com.docker.compose.service'];
  if (twin === undefined || service === undefined) return [];
  return [
    {
      ...{ id, service, twin, image, running: State.Running },
      name: Name.replace(/^\//, ''),
      oneOff: Labels['com.docker.compose.oneoff'] === 'True',
      status: State.Status,
      exitCode: State.ExitCode,
      startedAt: State.StartedAt,
      finishedAt: State.FinishedAt,
    },
  ];
}

const PREFIX = `${CONFIG_VARIABLE}=`;

/** The twin in a phantom's configuration. */
export function twinIn(configuration: string | undefined): Phantom['twin'] | undefined {
  try {
    return nodeConfig.safeParse(JSON.parse(configuration ?? 'null')).data?.twin;
  } catch {
    return undefined;
  }
}
