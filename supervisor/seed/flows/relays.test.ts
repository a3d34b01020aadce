import { expect, test } from '@jest/globals';
import { RelayDistances, RelayList, RelayOpen } from '../../protocol/relay.ts';
import { nearest } from './relays.ts';

const relays = [{ id: 1 }, { id: 2 }, { id: 3 }];
const idsOf = (...distances: ReadonlyArray<ReadonlyArray<readonly [number, number]>>) => {
  const [first, second] = distances.map((list) => new Map(list));
  return nearest(relays, first, second).map(({ id }) => id);
};

test('nearest() returns the relay with the smallest sum of both distances, not one near an end', () => {
  expect(
    idsOf(
      [
        [1, 1],
        [2, 20],
        [3, 30],
      ],
      [
        [1, 80],
        [2, 20],
        [3, 30],
      ],
    ),
  ).toEqual([2]);
});

test('nearest() returns all relays whose sums differ by less than a millisecond', () => {
  expect(
    idsOf(
      [
        [1, 5],
        [2, 5.2],
        [3, 7],
      ],
      [
        [1, 5],
        [2, 5.3],
        [3, 7],
      ],
    ),
  ).toEqual([1, 2]);
});

test('nearest() returns relays without both distances only if no relay has both', () => {
  expect(
    idsOf(
      [
        [1, 1],
        [2, 50],
      ],
      [
        [2, 50],
        [3, 1],
      ],
    ),
  ).toEqual([2]);
  expect(idsOf([[1, 1]], [])).toEqual([1, 2, 3]);
  expect(nearest(relays, undefined, undefined)).toEqual(relays);
  expect(nearest([], new Map(), new Map())).toEqual([]);
});

test.each([
  [RelayDistances.parseRequest, { distances: [{ id: 1, ms: -1 }] }, 'ms'],
  [RelayDistances.parseRequest, { distances: [{ id: 1, ms: '1' }] }, 'ms'],
  [RelayDistances.parseRequest, { distances: Array(65).fill({ id: 1, ms: 1 }) }, 'distances'],
  [RelayList.parse, { relays: [{ id: 1, at: { address: '1.2.3.4', port: 70_000 } }] }, 'port'],
  [
    RelayOpen.parseRequest,
    { from: '1.2.3.4', initiator: '1', acceptor: '2', token: 'xy', timeout: 1 },
    'token',
  ],
  [
    RelayOpen.parseRequest,
    { from: '1.2.3.4', initiator: '1', acceptor: '2', token: 'a'.repeat(32), timeout: 0 },
    'timeout',
  ],
])('the error for a malformed body names the field: %p %j', (parse, body, field) => {
  expect(() => parse(body)).toThrow(
    expect.objectContaining({ errno: 'EINVAL', message: expect.stringContaining(field) }),
  );
});
