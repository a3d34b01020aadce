import { expect, test } from '@jest/globals';
import { establishedTo } from './direct-pairs.ts';

test('establishedTo() returns established connections of both address families, and no others', () => {
  const text = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 020011AC:C350 0300110A:1F90 01 00000000:00000000
   2: 020011AC:C351 0300110A:1F90 02 00000000:00000000
   3: 0000000000000000FFFF0000020011AC:C352 0000000000000000FFFF00000400110A:0050 01 0
   4: 00000000000000000000000001000000:C353 00000000000000000000000001000000:0050 01 0
`;
  expect(establishedTo(text)).toEqual(['10.17.0.3:8080', '10.17.0.4:80']);
});
