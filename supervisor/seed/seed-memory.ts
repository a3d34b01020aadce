import { hkdfSync } from 'node:crypto';
import type { SeedConfig } from '../published/node-config.ts';
import { Absentees } from './nodes/absentees.ts';
import { Hosts } from './nodes/hosts.ts';
import { Launches } from './nodes/launches.ts';
import { NodeIds } from './nodes/node-ids.ts';
import { NodeLedger } from './nodes/node-ledger.ts';
import { NodeRegistry } from './nodes/node-registry.ts';
import { lastNodeId, type OverlayRange } from './nodes/overlay-range.ts';
import type { Store } from './store/store.ts';

/** The parts of a seed whose state outlives the seed. */
export interface SeedMemory {
  readonly store: Store;
  readonly registry: NodeRegistry;
  readonly ledger: NodeLedger;
  readonly absentees: Absentees;
  readonly launches: Launches;
  readonly hosts: Hosts;
  /** Stops recording, as further sessions end only because the seed ends. Closes the store. */
  close(): Promise<void>;
}

export interface MemoryOptions {
  readonly config: SeedConfig;
  readonly projectKey: Buffer;
  readonly range: OverlayRange;
  readonly log: (line: string) => void;
  /** The credentials for the servers of the store; secret. */
  readonly credentials?: string | undefined;
  /** Used instead of the store that the configuration names; the caller closes it. */
  readonly store?: Store | undefined;
}

/** Opens the store and reads it. Rejects with BoxerError STORE if the store cannot be used. */
export async function openMemory(options: MemoryOptions): Promise<SeedMemory> {
  const { range, log } = options;
  const store = options.store ?? (await openStore(options));
  const stop = new AbortController();
  const { signal } = stop;
  const ids = new NodeIds(lastNodeId(range));
  const registry = new NodeRegistry(range, ids);
  const absentees = new Absentees((id) => registry.settle(id));
  try {
    const ledger = await NodeLedger.open({ store, ids, absentees, log, signal });
    const hosts = await Hosts.open(store, range, signal);
    const unfollow = ledger.follow(registry);
    return {
      store,
      registry,
      ledger,
      absentees,
      hosts,
      launches: new Launches(store),
      async close() {
        unfollow();
        absentees.close();
        await ledger.freeze();
        stop.abort();
        if (!options.store) await store.close();
      },
    };
  } catch (error) {
    absentees.close();
    stop.abort();
    if (!options.store) await store.close();
    throw error;
  }
}

/**
 * Opens the store that the configuration names. The module of each kind of store is loaded only if it is
 * used.
 */
async function openStore({ config, projectKey, log, credentials }: MemoryOptions): Promise<Store> {
  const { store, project } = config;
  const about = `${project} ${config.overlay}`;
  // Identifies the project and key to which the store belongs, without revealing the key.
  const owner = derive(projectKey, `boxer store ${about}`, 16).toString('hex');
  if (store && 'nats' in store) {
    const { openNatsProjectStore } = await import('./store/nats-project-store.ts');
    const key = derive(projectKey, `boxer store key ${about}`, 32);
    return openNatsProjectStore({
      ...store.nats,
      credentials,
      bucket: `boxer-${project}-${owner}`,
      key,
      log,
    });
  }
  const { createMemoryStore, openSqliteStore } = await import('./store/sqlite-store.ts');
  return store ? openSqliteStore({ folder: store.folder, owner, log }) : createMemoryStore();
}

function derive(projectKey: Buffer, info: string, size: number): Buffer {
  return Buffer.from(hkdfSync('sha256', projectKey, Buffer.alloc(0), info, size));
}
