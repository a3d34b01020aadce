import { expect, test } from '@jest/globals';
import { nodesTable } from './nodes-table.ts';

test('nodes are printed in aligned columns', () => {
  const base = { state: 'up' as const, names: ['web', 'node-1'], container: 'abcdef0123456789', since: 0 };
  const table = nodesTable(
    [
      { ...base, id: 1, role: 'container' as const, service: 'web', address: '198.18.0.1', ports: [80, 443] },
      {
        ...base,
        id: 12,
        role: 'function',
        service: 'worker',
        address: '198.18.0.12',
        ports: [],
        container: '',
      },
    ],
    3 * 3600_000,
  );
  expect(table).toBe(
    [
      'ID   SERVICE   ROLE        STATE   SINCE   ADDRESS       PORTS    CONTAINER      NAMES',
      '1    web       container   up      3h      198.18.0.1    80,443   abcdef012345   web,node-1',
      '12   worker    function    up      3h      198.18.0.12   -        -              web,node-1',
      '',
    ].join('\n'),
  );
});
