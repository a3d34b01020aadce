import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { execa } from 'execa';
import type { TestLambda } from '../../../lambda-local/testing/test-lambda.ts';

/**
 * A substitute for the internet between a project and functions on AWS. Neither can reach the other's
 * network, because Docker isolates networks. Functions reach ports that this host publishes, at `address`.
 * Phantoms reach the Lambda API at `lambda`.
 */
export interface Internet {
  readonly address: string;
  readonly lambda: string;
  close(): Promise<void>;
}

export async function startInternet({ network, address: target }: TestLambda): Promise<Internet> {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  const { stdout: address } = await execa('docker', ['network', 'inspect', '--format', format, network]);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(9000, target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    address,
    lambda: `http://${address}:${bound.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
