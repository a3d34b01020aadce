import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { wipeDirectory } from './wipe.ts';

const NOBODY = 65_534;

/**
 * Wipes as a user without privileges. This process changes its user for that, as another user may not be able
 * to read the code.
 */
async function wipeAsNobody(path: string): Promise<void> {
  process.seteuid?.(NOBODY);
  try {
    await wipeDirectory(path);
  } finally {
    process.seteuid?.(0);
  }
}

test('a user without privileges wipes its own read-only directories, too', async () => {
  // TMPDIR may be a directory that only this user can enter; /var/tmp is not.
  const root = mkdtempSync(join('/var/tmp', 'boxer-wipe-'));
  try {
    chmodSync(root, 0o777);
    const make = 'mkdir -p a/b && touch a/b/c plain && chmod 500 a/b && chmod 0 a && ln -s /etc link';
    await execa('sh', ['-c', make], { cwd: root, uid: NOBODY, gid: NOBODY });
    await wipeAsNobody(root);
    expect(readdirSync(root)).toEqual([]);
    // Directories of other users are left, and do not stop the wipe.
    mkdirSync(join(root, 'not-ours'), { mode: 0o700 });
    writeFileSync(join(root, 'not-ours/file'), '');
    await wipeAsNobody(root);
    expect(readdirSync(root)).toEqual(['not-ours']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
