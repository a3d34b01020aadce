import type { SeedConfig } from '../../../supervisor/published/node-config.ts';

/** Where a seed of the benchmark keeps its memory, as an argument of its process: a folder, or servers of NATS. */
export type StorePlace = { readonly folder: string } | { readonly servers: readonly string[] };

export const argumentOf = (place: StorePlace): string =>
  'folder' in place ? `file:${place.folder}` : `nats:${place.servers.join()}`;

/** Throws RangeError for what `argumentOf` has not written. */
export function storeOf(argument: string): NonNullable<SeedConfig['store']> {
  const [, kind, rest = ''] = /^(file|nats):(.+)$/.exec(argument) ?? [];
  if (kind === 'file') return { folder: rest };
  if (kind === 'nats') return { nats: { servers: rest.split(','), tls: false } };
  throw new RangeError(`no place of a store: ${argument}`);
}
