import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kvm } from '@nats-io/kv';
import { connectNats } from './nats-connection.ts';
import { openNatsStore } from './nats-store.ts';
import { type NatsBed, startNats } from './nats-testbed.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Change, Store } from './store.ts';

/** For tests: a place where the same store can be opened again. */
export interface StorePlace {
  readonly name: string;
  open(): Promise<Store>;
  /** Removes all entries. */
  clear(): Promise<void>;
  /** Ends the server of the place. */
  close?(): Promise<void>;
}

export function sqlitePlace(owner = 'owner', log: (line: string) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-store-'));
  return {
    name: 'SQLite',
    folder,
    open: () => openSqliteStore({ folder, owner, log }),
    clear: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function natsPlace(size = 1) {
  const bed: NatsBed = await startNats(size);
  const connection = await connectNats({ servers: bed.servers });
  const key = Buffer.alloc(32, 7);
  let bucket = 0;
  return {
    name: 'NATS',
    bed,
    connection,
    open: () => openNatsStore({ connection, bucket: `boxer-test-${bucket}`, key, log: () => undefined }),
    async clear() {
      const kv = await new Kvm(connection).open(`boxer-test-${bucket}`);
      await kv.destroy().catch(() => undefined);
      bucket += 1;
    },
    async close() {
      await connection.close();
      await bed.close();
    },
  };
}

/**
 * Records changes. `until` resolves to the first recorded or future change for which `wanted` returns true.
 */
export function recorder() {
  const changes: Change[] = [];
  const waiting = new Set<() => void>();
  return {
    changes,
    listener: (change: Change) => {
      changes.push(change);
      for (const look of [...waiting]) look();
    },
    until: (wanted: (change: Change) => boolean): Promise<Change> =>
      new Promise((resolve) => {
        const look = () => {
          const found = changes.find(wanted);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
