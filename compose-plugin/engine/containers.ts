import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { type Docker, docker, dockerOutput } from './docker.ts';

const container = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string(),
    ExitCode: z.number(),
    Health: z.optional(z.nullable(z.object({ Status: z.string() }))),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()) }),
});

/** A container as `docker inspect` tells of it. */
export type Container = z.infer<typeof container>;

const FORMAT = '{"Id":{{json .Id}},"Name":{{json .Name}},"State":{{json .State}},"Config":{{json .Config}}}';

/** Ids of containers, stopped ones too, that match every filter (`label=x=y`). */
export async function containerIds(engine: Docker, ...filters: readonly string[]): Promise<string[]> {
  const args = filters.flatMap((filter) => ['--filter', filter]);
  const listed = await dockerOutput(engine, ['ps', '--all', '--quiet', '--no-trunc', ...args]);
  return listed.split('\n').filter((id) => id !== '');
}

/** Containers with these ids; one that has gone meanwhile is left out. */
export async function inspectContainers(engine: Docker, ids: readonly string[]): Promise<Container[]> {
  if (ids.length === 0) return [];
  const { stdout } = await docker(engine, ['container', 'inspect', '--format', FORMAT, ...ids]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = container.safeParse(JSON.parse(line));
      if (parsed.success) return parsed.data;
      throw new BoxerError('ENGINE', 'docker container inspect answered something unknown');
    });
}
