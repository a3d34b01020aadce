/**
 * The relay's data path as a simple proxy: node relay-process.ts PORT TARGET. Each connection to PORT of
 * 127.0.0.1 is joined with a connection to TARGET within the lease of an admitted flow, as the seed does it
 * for an unboxed service, and a phantom for its ports.
 */
import { connect, createServer } from 'node:net';
import { startRelay } from '../../../supervisor/network/relay/relay.ts';
import { builtAddon } from '../../../supervisor/service/addon-testbed.ts';

const [port = 0, target = 0] = process.argv.slice(2).map(Number);
const limits = { flowsPerNode: Number.POSITIVE_INFINITY, bytesPerNode: Number.POSITIVE_INFINITY };
const relay = await startRelay({ addon: builtAddon(), host: '127.0.0.1', limits });

createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (near) => {
  const lease = relay.admit('bench');
  const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  relay.join(lease, near, far);
}).listen({ port, host: '127.0.0.1', backlog: 1024 }, () => process.stdout.write('ready\n'));
