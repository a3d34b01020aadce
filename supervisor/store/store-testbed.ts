import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from './sqlite-store.ts';
import type { Change, Store } from './store.ts';

/** For tests: a place where the same memory can be opened again. */
export interface StorePlace {
  readonly name: string;
  open(): Promise<Store>;
  /** Forgets everything. */
  clear(): Promise<void>;
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

/** Resolves to the first change that `wanted` takes, from those that have come and those that come. */
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
