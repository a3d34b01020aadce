import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { wipeDirectory } from './wipe.ts';

const NOBODY = 65_534;

/** Wipes as a user without privileges; in this process, as that user may not get to the code itself. */
async function wipeAsNobody(path: string): Promise<void> {
  process.seteuid?.(NOBODY);
  try {
    await wipeDirectory(path);
  } finally {
    process.seteuid?.(0);
  }
}

test('a user without privileges wipes its read-only folders too', async () => {
  // Where any user gets to: TMPDIR may be a folder of this user's alone.
  const root = mkdtempSync(join('/var/tmp', 'boxer-wipe-'));
  try {
    chmodSync(root, 0o777);
    const make = 'mkdir -p a/b && touch a/b/c plain && chmod 500 a/b && chmod 0 a && ln -s /etc link';
    await execa('sh', ['-c', make], { cwd: root, uid: NOBODY, gid: NOBODY });
    await wipeAsNobody(root);
    expect(readdirSync(root)).toEqual([]);
    // Another user's is left, and is no reason to stop.
    mkdirSync(join(root, 'not-ours'), { mode: 0o700 });
    writeFileSync(join(root, 'not-ours/file'), '');
    await wipeAsNobody(root);
    expect(readdirSync(root)).toEqual(['not-ours']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
