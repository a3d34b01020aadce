import { type Directory, entriesOf, type NodeEntry } from './directory.ts';

/** Entries by name and by address. The index is rebuilt at the first look-up after a change. */
export interface NameIndex {
  /** `name` has to be in lower case. */
  named(name: string): readonly NodeEntry[];
  at(address: string): NodeEntry | undefined;
  close(): void;
}

interface Tables {
  readonly byName: ReadonlyMap<string, readonly NodeEntry[]>;
  readonly byAddress: ReadonlyMap<string, NodeEntry>;
}

function tablesOf(entries: readonly NodeEntry[]): Tables {
  const byName = new Map<string, NodeEntry[]>();
  for (const entry of entries)
    for (const name of new Set(entry.names.map((given) => given.toLowerCase()))) {
      const known = byName.get(name);
      if (known) known.push(entry);
      else byName.set(name, [entry]);
    }
  return { byName, byAddress: new Map(entries.map((entry) => [entry.address, entry])) };
}

export function createNameIndex(directory: Directory): NameIndex {
  let tables: Tables | undefined;
  const close = directory.onChange(() => {
    tables = undefined;
  });
  const current = () => {
    tables ??= tablesOf(entriesOf(directory));
    return tables;
  };
  return {
    named: (name) => current().byName.get(name) ?? [],
    at: (address) => current().byAddress.get(address),
    close,
  };
}
