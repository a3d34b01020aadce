/**
 * Runs a real seed for bench/control.ts. Sends its port over the IPC channel, and its usage when it is asked.
 */
import { cpuUsage, memoryUsage } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { startSeed } from '../../../supervisor/seed/seed.ts';
import { keepHeapSmall } from '../../../supervisor/seed/small-memory.ts';
import { builtAddon } from '../../../supervisor/service/addon-testbed.ts';
import { projectKey } from './project-key.ts';
import { storeOf } from './store-place.ts';

const store = storeOf(process.argv[2] ?? '');
const stop = new AbortController();
const seed = await startSeed({
  config: {
    version: 1,
    // Each run has its own project, so the store has no nodes of an earlier run.
    project: `bench-${process.pid}`,
    overlay: '198.18.0.0/15',
    port: 0,
    gateways: [],
    store,
  },
  projectKey,
  addon: builtAddon(),
  host: '127.0.0.1',
  signal: stop.signal,
  limits: { handshakes: 4096, handshakesPerAddress: 4096, joins: { perSecond: 1e6, burst: 1e6 } },
});

/**
 * Collects garbage, which must not count as memory of nodes. It does so twice, because handles that the first
 * round ends release their memory in later turns of the event loop.
 */
async function collect(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (let time = 0; time < 3; time++) globalThis.gc?.();
    await delay(300);
  }
}

process.on('message', async (what) => {
  if (what !== 'usage') return;
  const cpu = cpuUsage();
  await collect();
  process.send?.({ cpu, cpuAfter: cpuUsage(), ...memoryUsage(), nodes: seed.status().nodes.length });
});
process.once('disconnect', () => process.exit());
keepHeapSmall();
process.send?.({ port: seed.port });
