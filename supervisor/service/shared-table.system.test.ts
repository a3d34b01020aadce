import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import type { Addon } from './addon.ts';
import { builtAddon } from './addon-testbed.ts';
import { createSharedTable, TABLE_SIZE, type TableView } from './shared-table.ts';

let addon: Addon;

beforeAll(() => {
  addon = builtAddon();
});

const viewOf = (hostname: string): TableView => ({
  overlayBase: '198.18.0.0',
  overlayMask: '255.254.0.0',
  selfOverlay: '198.18.0.5',
  selfUnderlay: '172.20.0.7',
  selfBound: '172.20.0.7',
  hostname,
  nodes: [{ id: 5, overlay: '198.18.0.5', self: true }],
  names: [{ name: hostname, overlay: '198.18.0.5' }],
});

test('write() changes the older of the two copies and leaves the newer one intact', () => {
  const table = createSharedTable(addon);
  try {
    const copies = () => {
      const bytes = readFileSync(`/proc/self/fd/${table.fd}`);
      expect(bytes).toHaveLength(2 * TABLE_SIZE);
      return [0, TABLE_SIZE].map((at) => [
        bytes.readUInt32LE(at + 4),
        bytes.toString('latin1', at + 64, bytes.indexOf(0, at + 64)),
      ]);
    };
    table.write(viewOf('first'));
    expect(copies()).toEqual([
      [2, 'first'],
      [0, ''],
    ]);
    table.write(viewOf('second'));
    expect(copies()).toEqual([
      [2, 'first'],
      [4, 'second'],
    ]);
    table.write(viewOf('third'));
    expect(copies()).toEqual([
      [6, 'third'],
      [4, 'second'],
    ]);
  } finally {
    table.close();
  }
});
