import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Directory, entriesOf, hostsLine } from './directory.ts';

/**
 * Writes the files that the guest finds below /etc/boxer when it starts: `nodes` and `self` as lines of
 * /etc/hosts, and `nodes.json` and `self.json` with the same entries. The files show the nodes at that time;
 * the membership socket reports later changes. Rejects with the system's error.
 */
export async function writeStaticFiles(directory: Directory, folder: string): Promise<void> {
  const nodes = entriesOf(directory);
  const own = nodes.filter(({ self }) => self);
  const files = {
    nodes: nodes.map(hostsLine).join(''),
    'nodes.json': `${JSON.stringify(nodes, undefined, 2)}\n`,
    self: own.map(hostsLine).join(''),
    'self.json': `${JSON.stringify(own[0] ?? null, undefined, 2)}\n`,
  };
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
}
