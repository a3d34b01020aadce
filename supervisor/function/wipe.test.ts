import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

test('a user without privileges wipes its read-only folders too', async () => {
  const root = mkdtempSync(join(tmpdir(), 'boxer-wipe-'));
  const everybody = { uid: 65_534, gid: 65_534 };
  try {
    chmodSync(root, 0o777);
    const make = 'mkdir -p a/b && touch a/b/c plain && chmod 500 a/b && chmod 0 a && ln -s /etc link';
    await execa('sh', ['-c', make], { cwd: root, ...everybody });
    const module = new URL('./wipe.ts', import.meta.url).pathname;
    const script = `import(${JSON.stringify(module)}).then(({ wipeDirectory }) => wipeDirectory(${JSON.stringify(root)}))`;
    await execa(process.execPath, ['-e', script], everybody);
    expect(readdirSync(root)).toEqual([]);
    // Another user's is left, and is no reason to stop.
    mkdirSync(join(root, 'not-ours'), { mode: 0o700 });
    writeFileSync(join(root, 'not-ours/file'), '');
    await execa(process.execPath, ['-e', script], everybody);
    expect(readdirSync(root)).toEqual(['not-ours']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
