import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ownNames, placeNetworkFiles, resolverFile } from './network-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boxer-network-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('/etc/hosts gives the node’s own names its overlay address, and the files are read-only', async () => {
  const resolver = join(root, 'platform');
  writeFileSync(resolver, 'nameserver 169.254.78.1\nsearch ec2.internal\noptions timeout:1 ndots:5\n');
  const identity = { hostname: 'db-1', address: '198.18.0.7', names: ['node-7', 'db-1'] };
  const remap = await placeNetworkFiles(identity, join(root, 'place'), resolver);
  expect(Object.keys(remap).sort()).toEqual([
    '/etc/hostname',
    '/etc/hosts',
    '/etc/resolv.conf',
    '/proc/sys/kernel/hostname',
  ]);
  const read = (path: string) => readFileSync(remap[path] ?? '', 'utf8');
  expect(read('/proc/sys/kernel/hostname')).toBe('db-1\n');
  expect(read('/etc/hosts')).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
  expect(read('/etc/hosts')).toMatch(/^198\.18\.0\.7\tdb-1 node-7$/m);
  expect(read('/etc/hostname')).toBe('db-1\n');
  expect(read('/etc/resolv.conf')).toBe('nameserver 169.254.78.1\noptions timeout:1 ndots:0\n');
  expect(statSync(remap['/etc/hosts'] ?? '').mode & 0o777).toBe(0o444);
});

test('without a host name and a resolv.conf, only /etc/hosts is remapped', async () => {
  const identity = { hostname: '', address: '198.18.0.7', names: [] };
  const remap = await placeNetworkFiles(identity, join(root, 'place'), join(root, 'missing'));
  expect(Object.keys(remap)).toEqual(['/etc/hosts']);
  expect(readFileSync(remap['/etc/hosts'] ?? '', 'utf8')).not.toContain('198.18');
});

test('the own names of a node are those that no other node has', () => {
  const members = new Map([
    [1, { names: ['api', 'api-1', 'node-1'] }],
    [2, { names: ['api', 'api-2', 'node-2'] }],
  ]);
  expect(ownNames(members, 1)).toEqual(['api-1', 'node-1']);
  expect(ownNames(members, 9)).toEqual([]);
});

test('a resolv.conf by Docker keeps its name server and its options', () => {
  expect(resolverFile('# comment\nnameserver 127.0.0.11\nsearch .\noptions edns0 trust-ad ndots:0\n')).toBe(
    'nameserver 127.0.0.11\noptions edns0 trust-ad ndots:0\n',
  );
});

test('a node with its own name server uses no other', () => {
  const platform = 'nameserver 169.254.78.1\nnameserver 169.254.78.2\nsortlist 10.0.0.0\n';
  expect(resolverFile(platform, '127.66.79.53')).toBe(
    'nameserver 127.66.79.53\nsortlist 10.0.0.0\noptions ndots:0\n',
  );
});
