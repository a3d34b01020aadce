import { expect, test } from '@jest/globals';
import { hexOf, ipv4Of, portSuffix, tcpRows } from './tcp-table.ts';

const LISTENER =
  '  94: 0100007F:1F40 00000000:0000 0A 00000000:00000006 00:00000000 00000000     0        0 43768 ' +
  '1 0 100 0 0 10 5';

test('a row has both ends, its state, the length of its accept queue and its inode', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue';
  const text = `${head}\n${LISTENER}\nnonsense 0100007F:1F40\n`;
  expect([...tcpRows(text)]).toEqual([
    {
      local: { hex: '0100007F', port: 8000 },
      remote: { hex: '00000000', port: 0 },
      state: '0A',
      unread: 6,
      inode: '43768',
    },
  ]);
});

test('tcpRows() leaves out a line that isWanted() rejects', () =>
  expect([...tcpRows(LISTENER, (line) => line.includes(portSuffix(80)))]).toEqual([]));

test('ipv4Of() reads addresses in host order and v4-mapped ones as IPv4; undefined for IPv6', () => {
  expect(ipv4Of('0300110A')).toBe('10.17.0.3');
  expect(ipv4Of('0000000000000000FFFF00000300110A')).toBe('10.17.0.3');
  expect(ipv4Of('B80D0120000000000000000001000000')).toBeUndefined();
  expect(ipv4Of(hexOf('127.66.79.88'))).toBe('127.66.79.88');
});

test('portSuffix() has four digits for a port below 4096', () => expect(portSuffix(80)).toBe(':0050'));
