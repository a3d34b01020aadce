import { expect, test } from '@jest/globals';
import { byName } from './replicas.ts';

test('replicas are listed in the order of their numbers', () => {
  const names = ['p-api-10', 'p-db-1', 'p-api-2', 'p-api-1'];
  expect(names.sort(byName.compare)).toEqual(['p-api-1', 'p-api-2', 'p-api-10', 'p-db-1']);
});
