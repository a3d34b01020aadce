import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

test('watch.mjs runs its command again after a change below, whether it passed or failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-watch-'));
  mkdirSync(join(folder, 'below'));
  writeFileSync(join(folder, 'below/verdict'), 'exit 0');
  const watching = execa(
    process.execPath,
    [new URL('watch.mjs', import.meta.url).pathname, folder, 'sh', join(folder, 'below/verdict')],
    { reject: false },
  );
  try {
    const lines = watching[Symbol.asyncIterator]();
    const next = async () => String((await lines.next()).value).split(':')[0];
    expect(await next()).toBe('== passed');
    writeFileSync(join(folder, 'below/verdict'), 'exit 1');
    expect(await next()).toBe('== failed');
    writeFileSync(join(folder, 'below/verdict'), 'exit 0');
    // Events of the change before may have started one more run.
    let verdict = await next();
    while (verdict === '== failed') verdict = await next();
    expect(verdict).toBe('== passed');
  } finally {
    watching.kill();
    await watching;
    rmSync(folder, { recursive: true });
  }
});
