import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Overlay } from '../membership/join.ts';
import { createTestbed, type Testbed, until } from '../seed/overlay-testbed.ts';
import { passGate } from './gate.ts';

let bed: Testbed;
let self: Overlay;
let said: string[];
let stop: AbortController;

beforeEach(async () => {
  said = [];
  stop = new AbortController();
  bed = await createTestbed();
  self = await bed.join('web');
});
afterEach(() => bed.close());

type Gate = Parameters<typeof passGate>[1];
const pass = (gate: Gate) => passGate(self, gate, (line) => said.push(line), stop.signal);

/** Whether a gate has opened, after all pending changes were handled. */
async function isOpen(gate: Promise<void>): Promise<boolean> {
  const later = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([gate.then(() => true), later]);
}

test('without wait-for the guest starts at once, and nothing is logged', async () => {
  await pass(undefined);
  await pass({ nodes: 1, names: { web: 1 }, timeout: 1 });
  expect(said).toEqual([]);
});

test('a gate opens when all nodes that it names are up, and logs what is missing whenever that changes', async () => {
  const gate = pass({ nodes: 4, names: { zoo: 2, api: 1 }, timeout: 60 });
  expect(said).toEqual(['waiting for nodes: 1 of 4, zoo: 0 of 2, api: 0 of 1']);
  await bed.join('api');
  await until(self, () => self.members().size === 2);
  expect(said.at(-1)).toBe('waiting for nodes: 2 of 4, zoo: 0 of 2');
  const zoo = await bed.join('zoo');
  await until(self, () => self.members().size === 3);
  expect(said.at(-1)).toBe('waiting for nodes: 3 of 4, zoo: 1 of 2');
  await zoo.leave();
  await until(self, () => self.members().size === 2);
  expect(await isOpen(gate)).toBe(false);
  await Promise.all([bed.join('zoo'), bed.join('zoo')]);
  await gate;
});

test('a replica whose function has not started yet does not count', async () => {
  const gate = pass({ names: { worker: 1 }, timeout: 60 });
  const join = { role: 'phantom', networks: { front: ['worker'] }, hostname: '', container: 'c' } as const;
  const phantom = await bed.join('worker', { join: { ...join, service: 'worker' } });
  await until(self, () => self.members().get(phantom.nodeId)?.state === 'starting');
  expect(await isOpen(gate)).toBe(false);
  const launch = await phantom.launch();
  await bed.join('worker', {
    identity: launch.identity,
    key: Buffer.from(launch.key, 'hex'),
    join: { ...join, role: 'function', service: 'worker' },
  });
  await gate;
  expect(said).toEqual(['waiting for worker: 0 of 1']);
});

test('a gate fails after its timeout, and the error names what is missing', async () => {
  await expect(pass({ nodes: 2, names: { zoo: 3 }, timeout: 0.05 })).rejects.toMatchObject({
    code: 'GATE_TIMEOUT',
    message: 'wait-for not met after 0.05 s; missing nodes: 1 of 2, zoo: 0 of 3',
  });
});

test('an abort ends the wait for a gate', async () => {
  const gate = pass({ nodes: 2, timeout: 60 });
  stop.abort(new Error('docker stop'));
  await expect(gate).rejects.toThrow('docker stop');
});
