import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { askEngine } from './api.ts';
import { type Docker, docker } from './docker.ts';

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

/** The used fields of a container in `docker inspect`. */
export type Container = z.infer<typeof container>;

/**
 * The unparsed `docker inspect` of containers with these ids; containers that no longer exist are left out.
 */
export async function inspectIds(engine: Docker, ids: readonly string[]): Promise<unknown[]> {
  if (ids.length === 0) return [];
  const found = await askEngine(
    engine,
    ids.map((id) => `/containers/${id}/json`),
  );
  if (found) return found.filter((one) => one !== undefined);
  const { stdout } = await docker(engine, ['container', 'inspect', '--format', '{{json .}}', ...ids]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The containers with these ids; containers that no longer exist are left out. */
export async function inspectContainers(engine: Docker, ids: readonly string[]): Promise<Container[]> {
  return (await inspectIds(engine, ids)).map((found) => {
    const parsed = container.safeParse(found);
    if (parsed.success) return parsed.data;
    throw new BoxerError('ENGINE', 'docker container inspect answered something unknown');
  });
}
