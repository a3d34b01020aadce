import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsOptions {
  readonly registry: Registry;
  /** 0 for any free port. */
  readonly port: number;
  /** The default is all IPv4 addresses. */
  readonly host?: string | undefined;
  /** Aborting closes the server. */
  readonly signal: AbortSignal;
}

/**
 * Maximum number of connections: enough for a few scrapers. Metrics must not take more of the seed's
 * resources.
 */
const MAX_CONNECTIONS = 16;
const PATIENCE = 5000;

/**
 * Answers `GET /metrics` in Prometheus' text format. Resolves to the port; rejects with the system's error if
 * the port cannot be opened.
 */
export async function serveMetrics({
  registry,
  port,
  host = '0.0.0.0',
  signal,
}: MetricsOptions): Promise<number> {
  signal.throwIfAborted();
  const server = createServer(
    {
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: 8192,
    },
    async (request, response) => {
      const path = request.url?.split('?', 1)[0];
      if (path !== '/metrics') return void response.writeHead(404).end('see /metrics\n');
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
      const text = await registry.metrics();
      return void response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ port, host });
  await once(server, 'listening');
  signal.addEventListener(
    'abort',
    () => {
      server.close();
      server.closeAllConnections();
    },
    { once: true },
  );
  return (server.address() as AddressInfo).port;
}
