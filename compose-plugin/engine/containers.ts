import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { askEngine } from './api.ts';
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

/** The used fields of a container in `docker inspect`. */
export type Container = z.infer<typeof container>;

/** Ids of containers, stopped ones too, that match every filter (`label=x=y`). */
export async function containerIds(engine: Docker, ...filters: readonly string[]): Promise<string[]> {
  const asked = await askEngine(engine, [`/containers/json?all=1&filters=${filterQuery(filters)}`]);
  const found = listed.safeParse(asked?.[0]).data;
  if (found) return found.map(({ Id }) => Id);
  const args = filters.flatMap((filter) => ['--filter', filter]);
  const output = await dockerOutput(engine, ['ps', '--all', '--quiet', '--no-trunc', ...args]);
  return output.split('\n').filter((id) => id !== '');
}

const listed = z.array(z.object({ Id: z.string() }));

/** Converts docker's `name=value` filters to the form of the API: values by name. */
function filterQuery(filters: readonly string[]): string {
  const pairs = filters.map((filter) => {
    const at = filter.indexOf('=');
    return { name: filter.slice(0, at), value: filter.slice(at + 1) };
  });
  const byName = Map.groupBy(pairs, ({ name }) => name);
  const query = [...byName].map(([name, found]) => [name, found.map(({ value }) => value)]);
  return encodeURIComponent(JSON.stringify(Object.fromEntries(query)));
}

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
