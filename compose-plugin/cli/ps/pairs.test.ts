import { expect, test } from '@jest/globals';
import type { NodeStatus } from '../../../supervisor/published/node-config.ts';
import { pairsOf, pairsTable } from './pairs.ts';
import type { Replica } from './replicas.ts';

const replica = (name: string, address: string): Replica => ({
  name,
  address,
  service: name,
  target: 'lambda',
  node: 'node-1',
  requestId: null,
  uptime: 1,
  status: 'running',
  id: name,
});

test('pairs are shown by the names of their replicas, in aligned columns', () => {
  const base = (id: number): NodeStatus => ({
    id,
    address: `198.18.0.${id}`,
    role: 'function',
    service: 'a',
    state: 'up',
    names: [],
    ports: [],
    container: '',
    since: 0,
  });
  const pairs = pairsOf(
    [replica('shop-a-1', '198.18.0.1'), replica('shop-b-1', '198.18.0.2')],
    [
      {
        ...base(1),
        pairs: [
          { to: '198.18.0.2', transport: 'punch', why: 'ports are kept', connections: 3, rtt: 0.41234 },
          { to: '198.19.0.9', transport: 'relay', why: 'not a node of the overlay', connections: 1 },
        ],
      },
      base(2),
    ],
  );
  expect(pairs[0]).toMatchObject({ from: 'shop-a-1', to: 'shop-b-1', rtt: 0.412 });
  expect(pairsTable(pairs)).toBe(
    [
      'FROM       TO           TRANSPORT   WHY                         CONNECTIONS   RTT',
      'shop-a-1   shop-b-1     punch       ports are kept              3             0.41 ms',
      'shop-a-1   198.19.0.9   relay       not a node of the overlay   1             -',
    ].join('\n'),
  );
});
