/**
 * Runs a real node for bench/control.ts. Reports when each other node was first in the node's table, which
 * process monitors map.
 */
import { newServiceIdentity, pskOf, serviceKey } from '../../../supervisor/control/psk.ts';
import { startNode } from '../../../supervisor/node/node.ts';
import { builtAddon } from '../../../supervisor/service/addon-testbed.ts';
import { now } from './lean-node.ts';
import type { Report } from './orders.ts';
import { projectKey } from './project-key.ts';

const port = Number(process.argv[2]);
const identity = newServiceIdentity('table');
const networks = { default: ['table'] };
const node = await startNode({
  addon: builtAddon(),
  seed: { host: '127.0.0.1', port },
  identity,
  key: pskOf(serviceKey(projectKey, 'table'), identity),
  join: { role: 'container', service: 'table', networks, hostname: 'table', container: '' },
  isFunction: false,
  hostname: 'table',
  signal: new AbortController().signal,
  retryFor: 10_000,
});
const known = new Map<number, number>();
const tell = Promise.withResolvers<readonly number[]>();

/** Runs after the listener that writes the table, so the table has been written. */
function look(): void {
  const at = now();
  for (const id of node.overlay.members().keys()) if (!known.has(id)) known.set(id, at);
  void tell.promise.then((ids) => {
    if (!ids.every((id) => known.has(id))) return;
    process.send?.({ kind: 'known', at: ids.map((id) => known.get(id) ?? 0) } satisfies Report);
  });
}
node.overlay.onChange(look);
process.on('message', ({ ids }: { ids: readonly number[] }) => {
  tell.resolve(ids);
  look();
});
process.once('disconnect', () => process.exit());
process.send?.({ kind: 'listening', address: node.overlay.address } satisfies Report);
