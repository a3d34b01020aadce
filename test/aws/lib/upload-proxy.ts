import { once } from 'node:events';
import { createServer, request } from 'node:http';

/** A proxy in front of a registry that can interrupt uploads. */
export interface UploadProxy {
  readonly host: string;
  /** The number of uploads that were begun. Docker only uploads layers that the registry does not have. */
  begun: number;
  /** Uploads are interrupted after this number of bytes; undefined: none is. */
  cutAt: number | undefined;
  stop(): Promise<void>;
}

export async function startUploadProxy(target: string): Promise<UploadProxy> {
  const [hostname = '', port = ''] = target.split(':');
  const server = createServer((incoming, response) => {
    if (incoming.method === 'POST') proxy.begun += 1;
    const { method, url: path, headers } = incoming;
    const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (proxy.cutAt === undefined || bytes <= proxy.cutAt) return;
      incoming.socket.destroy();
      outgoing.destroy();
    });
    incoming.pipe(outgoing);
  });
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy: UploadProxy = {
    host: `127.0.0.1:${address.port}`,
    begun: 0,
    cutAt: undefined,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
