import { askEngine } from './api.ts';
import { type Docker, dockerOutput } from './docker.ts';
import { memberOf } from './member-of.ts';

/**
 * The text under `key` of every object in a list; undefined if anything is not as expected. Parsed by hand,
 * so that verbs which only look for containers do not load zod.
 */
function textsIn(list: unknown, key: string): string[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const texts = list.map((one: unknown) => memberOf(one, key)).filter((text) => typeof text === 'string');
  return texts.length === list.length ? texts : undefined;
}

/** How the Engine API and docker list the objects of one kind. A volume's name is its id. */
const KINDS = {
  container: {
    path: '/containers/json?all=1&',
    idsIn: (answer: unknown) => textsIn(answer, 'Id'),
    args: ['ps', '--all', '--quiet', '--no-trunc'],
  },
  network: {
    path: '/networks?',
    idsIn: (answer: unknown) => textsIn(answer, 'Id'),
    args: ['network', 'ls', '--quiet', '--no-trunc'],
  },
  volume: {
    path: '/volumes?',
    idsIn: (answer: unknown) => textsIn(memberOf(answer, 'Volumes'), 'Name'),
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

/** Ids of containers, stopped ones too, that match every filter (`label=x=y`). */
export function containerIds(engine: Docker, ...filters: readonly string[]): Promise<string[]> {
  return idsOf(engine, 'container', ...filters);
}

/**
 * The values of a label of all containers that match every filter, stopped ones included. A container without
 * the label has the value ''.
 */
export async function labelsOf(
  engine: Docker,
  label: string,
  ...filters: readonly string[]
): Promise<string[]> {
  const asked = await askEngine(engine, [`${KINDS.container.path}filters=${filterQuery(filters)}`]);
  const [found] = asked ?? [];
  if (Array.isArray(found))
    return found.map((one: unknown) => {
      const value = memberOf(memberOf(one, 'Labels'), label);
      return typeof value === 'string' ? value : '';
    });
  const format = ['--format', `{{.Label ${JSON.stringify(label)}}}`];
  const all = filters.flatMap((one) => ['--filter', one]);
  return (await dockerOutput(engine, ['ps', '--all', ...all, ...format])).split('\n');
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
