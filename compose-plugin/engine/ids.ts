import * as z from 'zod/mini';
import { askEngine } from './api.ts';
import { type Docker, dockerOutput } from './docker.ts';

const byId = z.array(z.object({ Id: z.string() }));
const byName = z.object({ Volumes: z.array(z.object({ Name: z.string() })) });

/** How the Engine API and docker list the objects of one kind. A volume's name is its id. */
const KINDS = {
  container: {
    path: '/containers/json?all=1&',
    idsIn: (answer: unknown) => byId.safeParse(answer).data?.map(({ Id }) => Id),
    args: ['ps', '--all', '--quiet', '--no-trunc'],
  },
  network: {
    path: '/networks?',
    idsIn: (answer: unknown) => byId.safeParse(answer).data?.map(({ Id }) => Id),
    args: ['network', 'ls', '--quiet', '--no-trunc'],
  },
  volume: {
    path: '/volumes?',
    idsIn: (answer: unknown) => byName.safeParse(answer).data?.Volumes.map(({ Name }) => Name),
    args: ['volume', 'ls', '--quiet'],
  },
} as const;

export type Kind = keyof typeof KINDS;

/** Ids of the containers (stopped ones too), networks or volumes that match every filter (`label=x=y`). */
export async function idsOf(engine: Docker, kind: Kind, ...filters: readonly string[]): Promise<string[]> {
  const { path, idsIn, args } = KINDS[kind];
  const asked = await askEngine(engine, [`${path}filters=${filterQuery(filters)}`]);
  const found = idsIn(asked?.[0]);
  if (found) return found;
  const output = await dockerOutput(engine, [...args, ...filters.flatMap((one) => ['--filter', one])]);
  return output.split('\n').filter((id) => id !== '');
}

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
