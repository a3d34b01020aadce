import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Overlay } from '../membership/join.ts';
import { createTestbed, type Testbed, until } from '../seed/overlay-testbed.ts';
import { type MembershipSocket, serveMembership } from './membership-socket.ts';
import { writeStaticFiles } from './static-files.ts';

/**
 * Runs the programs in docs/discovery.md as they are, except that the folder is not /etc/boxer, which only
 * guests see.
 */

const page = readFileSync(new URL('../../docs/discovery.md', import.meta.url), 'utf8');
let bed: Testbed;
let self: Overlay;
let folder: string;
let server: MembershipSocket;

/** Returns the first program in `language` after the text `after`. */
function shown(language: string, after: string): string {
  const from = page.indexOf(after);
  const [, program = ''] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page.slice(from)) ?? [];
  expect([from >= 0, program]).toEqual([true, expect.stringContaining('/etc/boxer')]);
  return program.replaceAll('/etc/boxer', folder);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-discovery-'));
  bed = await createTestbed();
  self = await bed.join('web');
  server = await serveMembership(self, join(folder, 'membership.sock'));
});
afterEach(async () => {
  server.close();
  await bed.close();
  rmSync(folder, { recursive: true });
});

/** Yields the kinds of events that a client prints, as lines of JSON or as words. */
async function* eventsOf(client: ChildProcess): AsyncGenerator<string> {
  if (!client.stdout) throw new Error('its output is not to be had');
  for await (const line of createInterface(client.stdout))
    yield line.startsWith('{') ? JSON.parse(line).event : line;
}

test.each([
  ['sh', 'Shell:', (program: string) => ['sh', '-c', program]],
  ['python', 'Python:', (program: string) => ['python3', '-u', '-c', program]],
  ['js', 'Node.js:', (program: string) => [process.execPath, '--input-type=module', '-e', program]],
])(
  'the documented client in %s follows the membership, in at most five lines',
  async (language, after, run) => {
    const program = shown(language, after);
    expect(
      program
        .trim()
        .split('\n')
        .filter((line) => !/^import|^from/.test(line)).length,
    ).toBeLessThanOrEqual(5);
    const [command = '', ...args] = run(program);
    const client = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const ended = once(client, 'close');
    try {
      const events = eventsOf(client);
      const next = async () => (await events.next()).value;
      expect(await next()).toBe('snapshot');
      const api = await bed.join('api');
      expect(await next()).toBe('joined');
      await api.setListening([8080]);
      expect(await next()).toBe('changed');
      await api.leave();
      expect(await next()).toBe('left');
    } finally {
      // The negative pid also kills the children of a shell.
      if (client.pid !== undefined) process.kill(-client.pid, 'SIGKILL');
      await ended;
    }
  },
);

test('the documented line of awk lists the members of a cluster', async () => {
  const zoo = await Promise.all([bed.join('zoo'), bed.join('zoo')]);
  await until(self, () => self.members().size === 3);
  await writeStaticFiles(self, folder);
  const program = shown('sh', 'needs its members');
  await execa('sh', ['-c', program], { cwd: folder });
  const lines = readFileSync(join(folder, 'zoo.cfg'), 'utf8').trim().split('\n');
  const addresses = zoo.map(({ address }) => address).sort();
  expect(lines.map((line) => line.replace(/^server\.\d+=/, '')).sort()).toEqual(
    addresses.map((address) => `${address}:2888:3888`),
  );
  expect(new Set(lines.map((line) => line.split('=')[0])).size).toBe(2);
});
