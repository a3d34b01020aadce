import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { SeedConfig } from '../published/node-config.ts';
import { type Introduction, type JoinRequest, joinOverlay, type Overlay } from './join.ts';
import { startSeed } from './seed.ts';

const projectKey = Buffer.alloc(32, 5);
let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

const config: SeedConfig = {
  version: 1,
  project: 'p',
  overlay: '198.18.0.0/15',
  port: 0,
  gateways: [{ service: 'redis', networks: { default: ['redis'] } }],
};

function join(
  port: number,
  service: string,
  extra: Partial<JoinRequest> = {},
  introduce: (i: Introduction) => Promise<void> = async () => undefined,
): Promise<Overlay> {
  const identity = newServiceIdentity(service);
  return joinOverlay({
    seed: { host: '127.0.0.1', port },
    identity,
    key: pskOf(serviceKey(projectKey, service), identity),
    join: {
      role: 'container',
      service,
      networks: { default: [service] },
      hostname: 'h',
      container: 'c',
      ...extra,
    },
    introduce,
    signal: stop.signal,
    retryFor: 1000,
  });
}

test('two nodes see each other, and a flow passes between them', async () => {
  const seed = await startSeed({
    config,
    projectKey,
    host: '127.0.0.1',
    signal: stop.signal,
    log: (l) => console.log(l),
    resolver: async () => ['127.0.0.1'],
  });
  const server = createServer({ allowHalfOpen: true }, (s) => s.pipe(s)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const listen = (server.address() as { port: number }).port;
  const a = await join(seed.port, 'web');
  const b = await join(seed.port, 'api', {}, async ({ port, relay, token, peer }) => {
    const near = connect(relay.port, relay.address);
    near.write(Buffer.from(token, 'hex'));
    const guest = connect(port, '127.0.0.1');
    near.pipe(guest).pipe(near);
    await once(guest, 'connect');
  });
  console.log(a.address, b.address, a.observed, a.local, a.gateways(), [...a.members().values()]);
  await b.setListening([listen]);
  const relay = await a.connect(b.address, listen);
  const t0 = performance.now();
  const s = connect({ ...relay, host: relay.address, allowHalfOpen: true });
  const body = randomBytes(1 << 20);
  s.end(body);
  const h = createHash('sha1');
  for await (const c of s) h.update(c);
  expect(h.digest('hex')).toBe(createHash('sha1').update(body).digest('hex'));
  console.log('flow', performance.now() - t0, [...a.members().values()]);
  const redis = await a.resolve('redis');
  const r2 = await a.connect(redis[0] ?? '', listen);
  const s2 = connect({ ...r2, host: r2.address, allowHalfOpen: true });
  s2.end('hi');
  let got = '';
  for await (const c of s2) got += c;
  expect(got).toBe('hi');
  await expect(a.connect(b.address, 1)).rejects.toMatchObject({ errno: 'ECONNREFUSED' });
  await expect(a.connect('198.18.9.9', 1)).rejects.toMatchObject({ errno: 'EHOSTUNREACH' });
  await b.leave();
  server.close();
});
