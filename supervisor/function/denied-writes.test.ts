import { expect, test } from '@jest/globals';
import { createDeniedWrites } from './denied-writes.ts';

test('each folder is reported once, with the remedy, however often a write is refused', () => {
  const denied = createDeniedWrites();
  const lines: string[] = [];
  denied.note('/app/db.sqlite3');
  denied.tellTo((line) => lines.push(line));
  denied.note('/app/./db.sqlite3-journal');
  denied.note('/app/conf/local.ini');
  denied.note('/marker');
  expect(lines).toEqual([
    "/app/db.sqlite3 cannot be written, a function's root is read-only: set x-boxer: { remap: { /app: /tmp/app } }",
    "/app/conf/local.ini cannot be written, a function's root is read-only: set x-boxer: { remap: { /app/conf: /tmp/conf } }",
    "/marker cannot be written, a function's root is read-only: set x-boxer: { remap: { /marker: /tmp/marker } }",
  ]);
});

test('the number of reported folders is limited, and /proc, /sys, /dev and /tmp are not reported', () => {
  const denied = createDeniedWrites();
  const lines: string[] = [];
  denied.tellTo((line) => lines.push(line));
  for (const path of ['/proc/self/oom_score_adj', '/sys/kernel/x', '/dev/x', '/tmp/x', 'relative'])
    denied.note(path);
  expect(lines).toEqual([]);
  for (let i = 0; i < 100; i++) denied.note(`/folder-${i}/file`);
  expect(lines).toHaveLength(10);
});
