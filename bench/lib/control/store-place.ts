import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeedConfig } from '../../../supervisor/published/node-config.ts';
import { startNats } from '../../../supervisor/seed/store/nats-testbed.ts';

/** The store of a benchmark's seed: a folder, or NATS servers. It is an argument of the seed's process. */
export type StorePlace = { readonly folder: string } | { readonly servers: readonly string[] };

export const argumentOf = (place: StorePlace): string =>
  'folder' in place ? `file:${place.folder}` : `nats:${place.servers.join()}`;

/** The store for an argument that `argumentOf` has written. Throws RangeError for any other argument. */
export function storeOf(argument: string): NonNullable<SeedConfig['store']> {
  const [, kind, rest = ''] = /^(file|nats):(.+)$/.exec(argument) ?? [];
  if (kind === 'file') return { folder: rest };
  if (kind === 'nats') return { nats: { servers: rest.split(','), tls: false } };
  throw new RangeError(`no place of a store: ${argument}`);
}

/**
 * Calls `use` with an empty store. `kind` is `file`, `nats` (which starts a server), or `HOST:PORT,...` of
 * running servers, on which each seed has its own bucket.
 */
export async function withStore<T>(kind: string, use: (place: StorePlace) => Promise<T>): Promise<T> {
  if (kind === 'file') {
    const folder = mkdtempSync(join(tmpdir(), 'boxer-bench-'));
    return use({ folder }).finally(() => rmSync(folder, { recursive: true }));
  }
  if (kind !== 'nats') return use({ servers: kind.split(',') });
  const nats = await startNats();
  return use({ servers: nats.servers }).finally(() => nats.close());
}
