import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Member, MembershipUpdate } from '../protocol/membership.ts';
import { Membership } from './view.ts';

const member = (id: number, ports: number[] = []): Member => ({
  id,
  address: `198.18.0.${id}`,
  names: [`node-${id}`],
  ports,
  underlay: '10.0.0.1',
  direct: true,
  state: 'up',
  nat: 'none',
  filtering: 'resetting',
});
const snapshot = (seed: string, ...ids: number[]): MembershipUpdate => ({
  epoch: 1,
  snapshot: true,
  nodes: ids.map((id) => member(id)),
  removed: [],
  seed,
  gateways: { names: ['redis'] },
});
const delta = (nodes: Member[], removed: number[] = []): MembershipUpdate => ({
  epoch: 2,
  snapshot: false,
  nodes,
  removed,
});
const idsOf = ({ members }: Membership) => [...members.keys()].sort();

test('a snapshot replaces all members, a delta adds and removes some; each notifies listeners once', () => {
  const membership = new Membership();
  let told = 0;
  const unsubscribe = membership.onChange(() => {
    told += 1;
  });
  membership.apply(snapshot('a', 1, 2));
  membership.apply(delta([member(3), member(1, [80])], [2]));
  expect(idsOf(membership)).toEqual([1, 3]);
  expect(membership.members.get(1)?.ports).toEqual([80]);
  expect(membership.gateways).toEqual(['redis']);
  membership.apply(snapshot('a', 4));
  expect(idsOf(membership)).toEqual([4]);
  expect(told).toBe(3);
  unsubscribe();
  membership.apply(delta([]));
  expect(told).toBe(3);
});

test('members from before a seed’s restart stay until it names or removes them, or time is up', async () => {
  const membership = new Membership(60);
  membership.apply(snapshot('a', 1, 2, 3, 4));
  membership.apply(snapshot('b', 1));
  expect(idsOf(membership)).toEqual([1, 2, 3, 4]);
  membership.apply(delta([member(2)], [3]));
  membership.apply(snapshot('b', 1, 2));
  expect(idsOf(membership)).toEqual([1, 2, 4]);
  await delay(80);
  expect(idsOf(membership)).toEqual([1, 2]);
  membership.close();
});
