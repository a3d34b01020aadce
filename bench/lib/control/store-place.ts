import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeedConfig } from '../../../supervisor/published/node-config.ts';
import { startNats } from '../../../supervisor/seed/store/nats-testbed.ts';

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

/** Lends an empty store: `file`, `nats` (a server of its own), or `HOST:PORT,...` of servers that run, where each seed has a bucket of its own. */
export async function withStore<T>(kind: string, use: (place: StorePlace) => Promise<T>): Promise<T> {
  if (kind === 'file') {
    const folder = mkdtempSync(join(tmpdir(), 'boxer-bench-'));
    return use({ folder }).finally(() => rmSync(folder, { recursive: true }));
  }
  if (kind !== 'nats') return use({ servers: kind.split(',') });
  const nats = await startNats();
  return use({ servers: nats.servers }).finally(() => nats.close());
}
